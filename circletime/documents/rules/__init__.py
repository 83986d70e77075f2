"""What the documents are, who reads them, and what is refused without it (C4, C7, R1). Plain Python."""
