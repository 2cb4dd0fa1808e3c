"""Pure: understanding a sentence, tokens, BM25, fusion, reasons."""
