"""Content security headers of the page."""

from __future__ import annotations

# Gradio uses inline scripts and compiles its templates, hence the two 'unsafe' words. Such code
# cannot reach another server: nothing may be loaded from or sent to one.
CONTENT_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    # A browser would otherwise resolve the hosts of links that nobody followed.
    "X-DNS-Prefetch-Control": "off",
}
