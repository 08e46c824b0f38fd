"""Pictures that platforms take as uploads: the user sees what was uploaded."""

from pathlib import Path

import pytest

from orchestrator.ports import PHOTO
from orchestrator.types import Media
from tests.support.simulated import playground

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("kind", ["apple", "wechat", "x"])
async def test_an_uploaded_picture_is_on_the_screen(tmp_path: Path, kind: str) -> None:
    async with playground(tmp_path, [kind]) as ground:
        user = ground.user_of(kind)
        await user.says("¿Qué me recomiendas?")
        await user.sees("Taburete plegable")
        parts = [part for message in user.platform.shown(user.name) for part in message.parts]
        pictures = [part.url for part in parts if isinstance(part, Media)]
        assert len(pictures) == 8
        answer = await ground.runtime.http.request("GET", pictures[-1])
    assert answer.status == 200
    assert answer.body.startswith(PNG)


@pytest.mark.parametrize(
    "kind", ["apple", "email", "line", "messenger", "slack", "teams", "twilio", "wechat", "whatsapp", "x"]
)
async def test_a_users_picture_is_kept(tmp_path: Path, kind: str) -> None:
    async with playground(tmp_path, [kind]) as ground:
        user = ground.user_of(kind)
        url = f"{ground.url}/simulate/static/photo.png"
        await user.says(Media(url=url, media="image", mime="image/png", name="photo.png"))
        await user.sees("file", "archivo")
        store = ground.runtime.store
        (conversation,) = await store.conversations("shop")
        messages = await store.messages(conversation.id)
        (picture,) = [part for message in messages for part in message.parts if isinstance(part, Media)]
        data, _, _ = await ground.runtime.files.get(picture.url)
    assert data == PHOTO
