from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from wtforms import StringField, SubmitField, TextAreaField
from wtforms.validators import DataRequired

from . import db
from .models import Post

bp = Blueprint("posts", __name__)


class PostForm(FlaskForm):
    title = StringField("Title", validators=[DataRequired()])
    body = TextAreaField("Body", validators=[DataRequired()])
    submit = SubmitField("Publish")


@bp.route("/")
def index():
    posts = db.session.scalars(db.select(Post).order_by(Post.id.desc()).limit(10)).all()
    return render_template("index.html", posts=posts)


@bp.route("/posts/<int:post_id>")
def show(post_id):
    return render_template("index.html", posts=[db.get_or_404(Post, post_id)])


@bp.route("/drafts")
@login_required
def drafts():
    mine = db.session.scalars(db.select(Post).filter_by(author_id=current_user.id)).all()
    return render_template("index.html", posts=mine)


@bp.route("/create", methods=["GET", "POST"])
@login_required
def create():
    form = PostForm()
    if form.validate_on_submit():
        db.session.add(Post(title=form.title.data, body=form.body.data, author_id=current_user.id))
        db.session.commit()
        return redirect(url_for("posts.index"))
    return render_template("form.html", form=form, title="New post")
