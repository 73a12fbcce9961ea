from . import db
from .models import Post, User


def init_app(app):
    @app.cli.command("init-db")
    def init_db():
        """Make the tables."""
        db.create_all()

    @app.cli.command("seed")
    def seed():
        """Fill in some posts."""
        author = User(username="author")
        author.set_password("a-long-password")
        db.session.add(author)
        db.session.flush()
        db.session.add_all(Post(title=f"Post {n}", body="Words. " * 40, author_id=author.id) for n in range(200))
        db.session.commit()
