"""成果库: research results that can be licensed, sold or invested."""
