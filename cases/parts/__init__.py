"""Parts that cases try: their triangles, and the scripts that made them."""
