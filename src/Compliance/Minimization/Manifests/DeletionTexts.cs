using Compliance.Minimization.Deletion;

namespace Compliance.Minimization.Manifests;

/// <summary>What a customer reads of a deletion that did not happen, or of which it is not known: what is wrong and what to do.</summary>
internal static class DeletionTexts
{
    /// <summary>Why a blob cannot be put into a batch, and what to do about it.</summary>
    public static string Sentence(TargetProblem problem) =>
        problem switch
        {
            TargetProblem.Container =>
                "Its container has a name that no request of this app may carry, such as a container of the service's own. It stays. Take "
                    + "the container out of the data set's places in the retention policy.",
            TargetProblem.Name =>
                "No request can name it without naming another blob, for example because it is called '.' or '..'. It stays. Rename or "
                    + "delete it by hand with a tool of the storage service.",
            TargetProblem.Kind =>
                "The listing shows neither that it is the current version nor the id of its version or snapshot. It stays. Plan again; if "
                    + "it comes back, report it with the name of the storage account.",
            TargetProblem.ETag =>
                "The listing shows no ETag that the service could have written, and without one a blob that was changed since would be "
                    + "deleted. It stays. Plan again; if it comes back, report it with the name of the storage account.",
            TargetProblem.TagCondition =>
                "The condition on its index tags is empty, too long or has characters that a request cannot have. It stays. Correct the "
                    + "tags of the data set or the name of the hold tag in the retention policy, and plan again.",
            _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "there is no sentence for it"),
        };

    /// <summary>What was wrong with the answer to a batch, and what to do about it; null where nothing was.</summary>
    public static string? Sentence(AnswerFault fault) =>
        fault switch
        {
            AnswerFault.None => null,
            AnswerFault.NothingDone =>
                "The storage service refused the whole batch and deleted nothing of it. Where it was busy, the batch is sent again; else "
                    + "see the error code: most often a permission or a network rule of the account is missing. Correct it and run the "
                    + "sweep again.",
            AnswerFault.OuterStatus =>
                "The storage service failed in a way that leaves open what it deleted. The blobs of the batch are listed again before "
                    + "anything is reported of them. If it comes back, check the health of the service in the account's region.",
            AnswerFault.NotMultipart =>
                "The answer to the batch is not in the form of the storage service: something between, such as a proxy or a firewall, "
                    + "changed it. The blobs are listed again. Let the app reach the account without it, for example by a private "
                    + "endpoint.",
            AnswerFault.CutOff =>
                "The answer to the batch ended before its last line, so that what became of the missing blobs is not known. They are "
                    + "listed again. If it comes back, check the network between the app and the account.",
            AnswerFault.TooLarge =>
                "The answer to the batch is larger than any that the storage service gives, and was not read to its end. The blobs are "
                    + "listed again. Check what is between the app and the account, such as a proxy.",
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "there is no sentence for it"),
        };
}
