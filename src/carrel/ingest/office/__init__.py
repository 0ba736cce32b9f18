"""Word, Excel, PowerPoint, OpenDocument and Rich Text."""
