"""The verbs of prediction: each solver turns a Process into a History."""
