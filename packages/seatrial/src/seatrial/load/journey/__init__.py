"""What one person does: steps, forms, expectations, and the run from answer to answer."""
