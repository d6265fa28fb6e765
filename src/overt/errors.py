"""Every error Overt raises on purpose, as one tree.

::

    OvertError                      something the person at the keyboard can act on
    ├── ConfigurationError          a file or option says something that cannot be used
    │   └── DeploymentFileError     ... in a deployment file, all its problems listed
    ├── AuthorityError              no live authority covers what was asked (principle 1)
    │   └── LifecycleError          ... or the deployment's state does not allow it
    ├── SignInError                 nobody is signed in, or may not sign in now
    ├── PermissionDenied            the person signed in may not do this to that
    ├── SourceError                 a camera, file or folder cannot be opened or read
    ├── ImageError                  a picture cannot be decoded within the limits
    ├── ModelError                  a pack, its files or its manifest are missing or changed
    │   └── PackMismatchError       templates of two packs were about to be compared
    ├── WatchlistError              a list cannot be imported or used at all
    ├── SealingError                what is sealed cannot be opened: changed, moved, key destroyed
    │   └── MasterKeyError          ... or there is no master key to open or seal with
    ├── RetentionError              a hold, a deadline or a deletion is not possible as asked
    ├── AuditError                  the log cannot be written, or has been altered
    ├── PublicationError            a public record contradicts itself, and is not published
    └── StorageError                the record cannot be written or read
        ├── RecordBusyError         ... now, since another program writes it
        └── NotFoundError           ... what was asked for is not, or no longer, in it

An expected biometric failure is not an error: a face that is too small, a photograph without
a face, a row without a lawful basis are counted outcomes, held in values.
"""


class OvertError(Exception):
    """An error with a remedy: what happened in one line, and what to do about it in another.

    `message` never holds a person's name, a template or a source's credentials.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries; the default would lose the remedy.
        return (_rebuild, (type(self), self.message, self.remedy))


def _rebuild(kind: type[OvertError], message: str, remedy: str) -> OvertError:
    return kind(message, remedy=remedy)


class ConfigurationError(OvertError):
    """A file or an option says something that cannot be used."""


class DeploymentFileError(ConfigurationError):
    """A deployment file has problems; the message lists every one of them."""


class AuthorityError(OvertError):
    """No live authority covers what was asked for."""


class LifecycleError(AuthorityError):
    """The deployment is not in a state that allows what was asked for."""


class SignInError(OvertError):
    """Nobody is signed in, or the person may not sign in now."""


class PermissionDenied(OvertError):  # noqa: N818 - it is what happened, and how it is called
    """The person signed in may not do this, or not to that."""


class SourceError(OvertError):
    """A camera, file or folder cannot be opened or read."""


class ImageError(OvertError):
    """A picture cannot be decoded within the limits."""


class ModelError(OvertError):
    """A model pack, its files or its manifest are missing, changed or unusable."""


class PackMismatchError(ModelError):
    """Templates made by two different packs were about to be compared."""


class WatchlistError(OvertError):
    """A watchlist cannot be imported or used at all."""


class SealingError(OvertError):
    """What is sealed cannot be opened: it was changed or moved, or its key is destroyed."""


class MasterKeyError(SealingError):
    """There is no usable master key to open or seal with."""


class RetentionError(OvertError):
    """A hold, a deadline or a deletion is not possible as asked."""


class AuditError(OvertError):
    """The log cannot be written, or what it says does not hold together."""


class PublicationError(OvertError):
    """A public record contradicts itself, or cannot say what it is to say; nothing is published."""


class StorageError(OvertError):
    """The record cannot be written or read."""


class RecordBusyError(StorageError):
    """Another program, or another part of this one, is writing the record; it may be done soon."""


class NotFoundError(StorageError):
    """What was asked for is not in the record, or no longer."""
