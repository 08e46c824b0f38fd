"""What no database can keep, in the words of errors.py."""

from pydantic_core import PydanticSerializationError

from orchestrator.errors import Malformed


def unfit(error: Exception) -> Exception:
    """Malformed for what can't be kept; any other error stays as it is."""
    match error:
        case UnicodeEncodeError():
            return Malformed("this can't be kept: a text holds half a character (a lone surrogate)")
        case PydanticSerializationError():
            return Malformed(f"this can't be kept: {error}")
        case OverflowError():
            return Malformed("this can't be kept: a number is beyond 64 bits")
    return error
