"""What both databases share: rows as nouns and nouns as rows, and what is remembered of them."""
