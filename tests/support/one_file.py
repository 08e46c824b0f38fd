"""Files, of which there is one, whatever it is asked for by."""


class OneFile:
    def __init__(self, data: bytes, mime: str) -> None:
        self.data = data
        self.mime = mime

    async def put(self, app_id: str, data: bytes, *, name: str, mime: str) -> str:
        return "/media/shop/x/y"

    async def get(self, path: str) -> tuple[bytes, str, str]:
        return self.data, self.mime, "file"
