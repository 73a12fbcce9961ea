"""Tasks of people by ids that are drawn, as JSON, with a token for who they are: FastAPI, SQLAlchemy, PostgreSQL."""

import uuid
from contextlib import asynccontextmanager
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic_settings import BaseSettings
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Settings(BaseSettings):
    database_url: str
    secret_key: str


settings = Settings()
engine = create_async_engine(settings.database_url)
Session = async_sessionmaker(engine, expire_on_commit=False)
oauth2 = OAuth2PasswordBearer(tokenUrl="token")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)


@asynccontextmanager
async def lifespan(_app: FastAPI):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with Session() as session:
        if await session.get(User, 1) is None:
            session.add(User(id=1, name="demo", password="demo-password"))
            await session.flush()
            session.add_all(Task(title=f"Task {n}", owner_id=1) for n in range(300))
            await session.commit()
    yield


app = FastAPI(lifespan=lifespan)


async def get_session():
    async with Session() as session:
        yield session


SessionIn = Annotated[AsyncSession, Depends(get_session)]


async def current_user(token: Annotated[str, Depends(oauth2)], session: SessionIn) -> User:
    try:
        name = jwt.decode(token, settings.secret_key, ["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    return await session.scalar(select(User).where(User.name == name))


@app.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()], session: SessionIn):
    user = await session.scalar(select(User).where(User.name == form.username))
    if user is None or user.password != form.password:
        raise HTTPException(400, "Wrong name or password")
    return {"access_token": jwt.encode({"sub": user.name}, settings.secret_key), "token_type": "bearer"}


@app.get("/tasks")
async def tasks(session: SessionIn, limit: int = 20):
    found = await session.scalars(select(Task).order_by(Task.id.desc()).limit(limit))
    return [{"id": task.id, "title": task.title} for task in found]


@app.get("/tasks/{task_id}")
async def one_task(task_id: uuid.UUID, session: SessionIn):
    task = await session.get(Task, task_id)
    if task is None:
        raise HTTPException(404)
    return {"id": task.id, "title": task.title}


@app.get("/users/me")
async def me(user: Annotated[User, Depends(current_user)]):
    return {"name": user.name}
