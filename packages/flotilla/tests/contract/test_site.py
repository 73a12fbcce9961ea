import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError, SignInError
from flotilla.social import Paging
from flotilla.store.ids import bucket_for, bucket_of

PASSWORD = "correct horse"


def join(site, handle):
    return site.accounts.sign_up(handle=handle, password=PASSWORD).viewer


def last_post_id(owner, viewer):
    return owner.execute(
        "SELECT last_post_id FROM s0000.author_stats WHERE author_id = %s", [viewer.account_id]
    ).fetchone()[0]


def test_a_new_person_is_signed_in_at_once_and_ids_carry_their_bucket(site):
    signed_in = site.accounts.sign_up(
        handle=" @Ada_1 ", password=PASSWORD, display_name="Ada  Lovelace", email="a@b.org"
    )
    assert site.accounts.who_is(signed_in.token) == signed_in.viewer
    assert (signed_in.viewer.handle, signed_in.viewer.display_name) == ("ada_1", "Ada Lovelace")
    post_id = site.posts.publish(signed_in.viewer, "hello")
    assert bucket_of(signed_in.viewer.account_id) == bucket_of(post_id) == bucket_for("ada_1")


def test_every_problem_of_a_sign_up_is_told_at_once(site):
    with pytest.raises(InvalidInputError) as caught:
        site.accounts.sign_up(handle="ä", password="1234567", display_name="x" * 51, email="nonsense")
    assert set(caught.value.problems) == {"handle", "password", "display_name", "email"}


def test_a_handle_is_taken_in_any_spelling(site):
    site.accounts.sign_up(handle="ada", password=PASSWORD)
    with pytest.raises(InvalidInputError) as caught:
        site.accounts.sign_up(handle="ADA", password=PASSWORD)
    assert set(caught.value.problems) == {"handle"}
    site.accounts.sign_up(handle="without_address", password=PASSWORD)
    site.accounts.sign_up(handle="without_either", password=PASSWORD)


def test_a_refused_sign_up_leaves_nothing_behind(site, owner):
    site.accounts.sign_up(handle="ada", password=PASSWORD)
    with pytest.raises(InvalidInputError):
        site.accounts.sign_up(handle="ada", password=PASSWORD, email="ada@example.org")
    for table in ("g.account", "s0000.profile", "s0000.credential", "s0000.author_stats", "s0000.sessions"):
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,), table


def test_only_handle_and_password_together_sign_in(site):
    join(site, "ada")
    assert site.accounts.sign_in(handle="@ADA", password=PASSWORD).viewer.handle == "ada"
    for handle, password in (("ada", "correct hors"), ("bob", PASSWORD), ("no such handle!", PASSWORD), ("", "")):
        with pytest.raises(SignInError):
            site.accounts.sign_in(handle=handle, password=password)


def test_signing_out_ends_that_session_and_no_other(site):
    first = site.accounts.sign_up(handle="ada", password=PASSWORD).token
    second = site.accounts.sign_in(handle="ada", password=PASSWORD).token
    site.accounts.sign_out(first)
    site.accounts.sign_out(first)
    assert site.accounts.who_is(first) is None
    assert site.accounts.who_is(second) is not None


def test_a_session_is_over_at_its_time_and_goes_at_the_next_sign_in(site, owner):
    token = site.accounts.sign_up(handle="ada", password=PASSWORD).token
    owner.execute("UPDATE s0000.sessions SET expires_at = now()")
    assert site.accounts.who_is(token) is None
    site.accounts.sign_in(handle="ada", password=PASSWORD)
    assert owner.execute("SELECT count(*) FROM s0000.sessions").fetchone() == (1,)


def test_the_token_is_not_in_the_database(site, owner):
    token = site.accounts.sign_up(handle="ada", password=PASSWORD).token
    stored = owner.execute("SELECT token_hash FROM s0000.sessions").fetchone()[0]
    assert len(stored) == 32
    assert token.split(".")[1].encode() not in stored


def test_someone_elses_token_with_my_id_is_nobodys(site):
    ada = site.accounts.sign_up(handle="ada", password=PASSWORD)
    bob = site.accounts.sign_up(handle="bob", password=PASSWORD)
    forged = f"{ada.viewer.account_id:x}.{bob.token.split('.')[1]}"
    assert site.accounts.who_is(forged) is None


@pytest.mark.parametrize("token", ["", "x", "1." + "a" * 43, "f" * 16 + "." + "a" * 43, "1." + "a" * 42, "\x00"])
def test_what_cannot_be_a_token_is_nobody(site, token):
    assert site.accounts.who_is(token) is None
    site.accounts.sign_out(token)


def test_a_stored_hash_of_another_cost_is_made_anew_at_sign_in(site, owner):
    join(site, "ada")
    old = "$argon2id$v=19$m=32,t=1,p=1$c2FsdHNhbHRzYWx0$"
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    owner.execute("UPDATE s0000.credential SET password_hash = %s", [old])
    site.accounts.sign_in(handle="ada", password=PASSWORD)
    assert "m=64,t=1,p=1" in owner.execute("SELECT password_hash FROM s0000.credential").fetchone()[0]
    site.accounts.sign_in(handle="ada", password=PASSWORD)


def test_a_post_is_stored_as_tidied_and_read_back_in_segments(site):
    ada = join(site, "ada")
    post = site.posts.read(ada, site.posts.publish(ada, "  Cafe\u0301 at\r\nhttps://example.org with @bob #Tea \x00"))
    assert post.text == "Café at\nhttps://example.org with @bob #Tea"
    assert "".join(segment.text for segment in post.segments) == post.text
    assert [type(segment).__name__ for segment in post.segments] == [
        "Plain",
        "Link",
        "Plain",
        "Mention",
        "Plain",
        "Hashtag",
    ]
    assert (post.written_by_viewer, post.liked_by_viewer, post.likes) == (True, False, 0)


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b\u2060", "\x00", "x" * 501])
def test_an_empty_or_overlong_post_is_refused(site, text):
    ada = join(site, "ada")
    with pytest.raises(InvalidInputError) as caught:
        site.posts.publish(ada, text)
    assert set(caught.value.problems) == {"text"}


def test_500_astral_code_points_fit(site):
    ada = join(site, "ada")
    assert site.posts.read(None, site.posts.publish(ada, "🚢" * 500)).text == "🚢" * 500


def test_only_its_author_deletes_a_post_and_it_leaves_no_row(site, owner):
    ada, bob = join(site, "ada"), join(site, "bob")
    post_id = site.posts.publish(ada, "#tea with @bob")
    site.posts.like(bob, post_id)
    with pytest.raises(ForbiddenError):
        site.posts.delete(bob, post_id)
    site.posts.delete(ada, post_id)
    for table in ("posts", "post_stats", "likes_given", "likes_received", "tag_index", "mention_index"):
        assert owner.execute(f"SELECT count(*) FROM s0000.{table}").fetchone() == (0,), table
    for act in (site.posts.read, site.posts.like, site.posts.unlike, site.posts.delete):
        with pytest.raises(NotFoundError):
            act(ada, post_id)


@pytest.mark.parametrize("post_id", [0, -1, 2**63, 10**30])
def test_an_impossible_id_is_a_post_that_is_not_there(site, post_id):
    ada = join(site, "ada")
    for act in (site.posts.read, site.posts.like, site.posts.delete):
        with pytest.raises(NotFoundError):
            act(ada, post_id)


def test_deleting_the_newest_post_makes_the_one_before_it_the_newest(site, owner):
    ada = join(site, "ada")
    first, second, third = (site.posts.publish(ada, text) for text in "abc")
    site.posts.delete(ada, second)
    assert last_post_id(owner, ada) == third
    site.posts.delete(ada, third)
    assert last_post_id(owner, ada) == first
    site.posts.delete(ada, first)
    assert last_post_id(owner, ada) == 0
    assert site.timelines.profile(None, "ada").profile.posts == 0


def test_likes_count_people_not_clicks(site):
    ada, bob = join(site, "ada"), join(site, "bob")
    post_id = site.posts.publish(ada, "hello")
    assert [site.posts.like(bob, post_id), site.posts.like(bob, post_id), site.posts.like(ada, post_id)] == [1, 1, 2]
    assert site.posts.read(bob, post_id).liked_by_viewer
    assert [site.posts.unlike(bob, post_id), site.posts.unlike(bob, post_id)] == [1, 1]
    assert not site.posts.read(bob, post_id).liked_by_viewer


def test_following_is_counted_once_on_both_sides(site, owner):
    ada, _ = join(site, "ada"), join(site, "bob")
    site.follows.follow(ada, "bob")
    site.follows.follow(ada, "@Bob")
    bobs, adas = (site.timelines.profile(ada, handle).profile for handle in ("bob", "ada"))
    assert (bobs.followers, bobs.following, bobs.followed_by_viewer, bobs.is_viewer) == (1, 0, True, False)
    assert (adas.followers, adas.following, adas.followed_by_viewer, adas.is_viewer) == (0, 1, False, True)
    assert not site.timelines.profile(None, "bob").profile.followed_by_viewer
    site.follows.unfollow(ada, "bob")
    site.follows.unfollow(ada, "bob")
    assert site.timelines.profile(ada, "bob").profile.followers == 0
    assert owner.execute(
        "SELECT (SELECT count(*) FROM s0000.followers) + count(*) FROM s0000.following"
    ).fetchone() == (0,)


def test_nobody_follows_themselves_or_a_stranger_to_the_site(site):
    ada = join(site, "ada")
    with pytest.raises(InvalidInputError):
        site.follows.follow(ada, "ada")
    for handle in ("nobody", "no such handle!"):
        with pytest.raises(NotFoundError):
            site.follows.follow(ada, handle)
        with pytest.raises(NotFoundError):
            site.timelines.profile(ada, handle)


def test_a_hashtag_has_one_page_in_any_spelling(site):
    ada = join(site, "ada")
    ids = [site.posts.publish(ada, text) for text in ("#Straße", "#STRASSE again", "no tag", "#strasse #strasse")]
    page = site.timelines.hashtag(None, "#straße")
    assert [post.id for post in page.items] == [ids[3], ids[1], ids[0]]
    for name in ("unknown", "", "1", "not a tag", "a" * 101):
        assert site.timelines.hashtag(ada, name).items == ()


@pytest.mark.parametrize("before", [0, -5, 10**30])
def test_a_cursor_beyond_all_ids_is_no_error(site, before):
    ada = join(site, "ada")
    site.posts.publish(ada, "hello")
    expected = 1 if before > 0 else 0
    pages = [site.timelines.home(ada, Paging(before=before)), site.timelines.public(None, Paging(before=before))]
    pages += [site.timelines.profile(ada, "ada", Paging(before=before)).posts]
    assert [len(page.items) for page in pages] == [expected] * 3
