"""The HTTP status of every error, in one place."""

from collections.abc import Mapping

from carrel.core import (
    account_errors,
    bibliography_errors,
    engine_errors,
    errors,
    gateway_errors,
    job_errors,
    judgment_errors,
    page_errors,
    query_errors,
    rebuild_errors,
    rest_errors,
)
from carrel.core.errors import CarrelError

_STATUS: Mapping[type[CarrelError], int] = {
    rest_errors.NotSignedIn: 401,
    rest_errors.ScopeMissing: 403,
    rest_errors.CsrfMissing: 403,
    rest_errors.CrossOrigin: 403,
    rest_errors.SetUpCodeWrong: 403,
    account_errors.RoleTooLow: 403,
    account_errors.NotAllowed: 403,
    account_errors.SignUpClosed: 403,
    account_errors.PasswordWrong: 403,
    account_errors.SignInRefused: 401,
    account_errors.ApiKeyRefused: 401,
    account_errors.SignInThrottled: 429,
    account_errors.UserMissing: 404,
    account_errors.ApiKeyMissing: 404,
    account_errors.EndpointMissing: 404,
    account_errors.SetUpAlready: 409,
    account_errors.UserExists: 409,
    account_errors.LastAdministrator: 409,
    account_errors.LastOwner: 409,
    account_errors.OwnsKnowledgeBases: 409,
    account_errors.EndpointExists: 409,
    account_errors.UserNameUnusable: 422,
    account_errors.PasswordUnusable: 422,
    account_errors.ApiKeyUnusable: 422,
    account_errors.EndpointForbidden: 422,
    account_errors.EndpointKeyNeeded: 422,
    account_errors.SecretKeyWrong: 500,
    account_errors.SecretKeyUnusable: 500,
    gateway_errors.HostRefused: 403,
    gateway_errors.KeyRefused: 401,
    rest_errors.NothingThere: 404,
    job_errors.JobMissing: 404,
    judgment_errors.JudgmentMissing: 404,
    errors.KnowledgeBaseMissing: 404,
    errors.PaperMissing: 404,
    errors.PaperIdTooShort: 404,
    page_errors.PageMissing: 404,
    rest_errors.MethodNotTaken: 405,
    gateway_errors.BodyTooSlow: 408,
    account_errors.KnowledgeBaseAmbiguous: 409,
    errors.AmbiguousPaperId: 409,
    errors.KnowledgeBaseExists: 409,
    errors.SpaceMismatch: 409,
    rebuild_errors.RebuildUnderWay: 409,
    rebuild_errors.NoRebuild: 409,
    rebuild_errors.NothingKept: 409,
    rest_errors.NeedsReindex: 409,
    rest_errors.FileLost: 410,
    rest_errors.ChangedMeanwhile: 412,
    rest_errors.BodyOverLimit: 413,
    rest_errors.TooManyFiles: 413,
    rest_errors.UploadOverLimit: 413,
    rest_errors.ContentNotTaken: 415,
    rest_errors.RangeOutside: 416,
    rest_errors.FieldsUnusable: 422,
    rest_errors.UploadHasNoFiles: 422,
    bibliography_errors.CorrectionUnusable: 422,
    bibliography_errors.TagUnusable: 422,
    judgment_errors.JudgmentUnusable: 422,
    judgment_errors.JudgmentsUnreadable: 422,
    judgment_errors.JudgmentFileMissing: 422,
    errors.EmptyQuery: 422,
    errors.InvalidFilter: 422,
    query_errors.TooManyConditions: 422,
    errors.InvalidSetting: 422,
    errors.ModelUnknown: 422,
    errors.ParserUnknown: 422,
    errors.ParserNotInstalled: 422,
    engine_errors.EndpointNotSet: 422,
    engine_errors.EngineNotInstalled: 422,
    engine_errors.DimensionsImpossible: 422,
    engine_errors.NoRerankerConfigured: 422,
    rest_errors.TooBusy: 429,
    gateway_errors.GatewayBusy: 429,
    errors.DataFolderNotWritable: 503,
    errors.DataFolderTooNew: 500,
    errors.StorageFull: 507,
    errors.PaperError: 422,
    errors.UsageError: 400,
}


def status_of(error: CarrelError) -> int:
    """Return the status: of its own kind, else of what it is a kind of.

    A service that may come back is 503, one that will not 502; what is not foreseen is 500.
    """
    for kind in type(error).__mro__:
        if issubclass(kind, CarrelError) and kind in _STATUS:
            return _STATUS[kind]
    if isinstance(error, errors.ServiceError):
        return 503 if error.retryable else 502
    return 500
