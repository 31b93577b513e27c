using Compliance.Minimization.Evaluation;

namespace Compliance.Minimization.Deletion;

/// <summary>Why a blob cannot be put into a batch. Such a blob stays and is reported.</summary>
internal enum TargetProblem
{
    /// <summary>It has no container name that the service allows, or a container of the service's own.</summary>
    Container,

    /// <summary>No URL can name it: empty, over 1,024 characters, half a character, <c>.</c> or <c>..</c>.</summary>
    Name,

    /// <summary>It is neither the current version, nor a version or a snapshot with an id.</summary>
    Kind,

    /// <summary>It has no ETag, or none that the service writes: without one a changed blob would be deleted.</summary>
    ETag,

    /// <summary>The condition on its tags is empty, too long or not plain ASCII.</summary>
    TagCondition,
}

/// <summary>
/// One blob, version or snapshot to delete, in the form in which the service takes it. It exists only when it can be written safely:
/// everything in it is printable ASCII without a line end, so a hostile name or ETag cannot add a header or a sub-request.
/// </summary>
internal sealed record DeletionTarget
{
    /// <summary>Longest name that the service has, in UTF-16 units.</summary>
    public const int MaxNameLength = 1_024;

    /// <summary>Longest condition on tags: ten tags of 128 and 256 characters fit.</summary>
    public const int MaxTagCondition = 4_096;

    private const int MaxETagLength = 128;
    private const int MaxIdLength = 64;

    private DeletionTarget(string path, string query, string etag, string? tagCondition) =>
        (Path, Query, ETag, TagCondition) = (path, query, etag, tagCondition);

    /// <summary>Storage account.</summary>
    public required string Account { get; init; }

    /// <summary>Container.</summary>
    public required string Container { get; init; }

    /// <summary>Container and name, percent-encoded, as in <c>/raw/2027%2F04%2Fa.json</c>.</summary>
    public string Path { get; }

    /// <summary>Which version or snapshot, as in <c>versionid=2027-04-01T06%3A00%3A00.0000000Z</c>; empty for the current one.</summary>
    public string Query { get; }

    /// <summary>ETag of planning, in its quotation marks.</summary>
    public string ETag { get; }

    /// <summary>Condition on index tags; null for none.</summary>
    public string? TagCondition { get; }

    /// <summary>Makes one.</summary>
    /// <param name="blob">What planning saw.</param>
    /// <param name="tagCondition">What its index tags have to be at the act, in the service's own syntax; null for no condition.</param>
    /// <param name="problem">Why there is none.</param>
    public static DeletionTarget? From(BlobFacts blob, string? tagCondition, out TargetProblem? problem)
    {
        var query = QueryFor(blob);
        var etag = Quoted(blob.ETag);
        problem = ProblemOf(blob, query, etag, tagCondition);
        if (problem is not null)
            return null;
        // With its slashes encoded too, as the Java client of the service does: 'a/../b' has no segment that a server between could
        // resolve into another blob's name, and a slash at either end stays.
        var path = $"/{blob.Container}/{Uri.EscapeDataString(blob.Name)}";
        return new(path, query!, etag!, tagCondition) { Account = blob.Account, Container = blob.Container };
    }

    private static TargetProblem? ProblemOf(BlobFacts blob, string? query, string? etag, string? tagCondition)
    {
        if (!IsContainer(blob.Container))
            return TargetProblem.Container;
        if (!CanBeNamed(blob.Name))
            return TargetProblem.Name;
        if (query is null)
            return TargetProblem.Kind;
        if (etag is null)
            return TargetProblem.ETag;
        return tagCondition is null || IsTagCondition(tagCondition) ? null : TargetProblem.TagCondition;
    }

    // The current version goes by its base URL only: by its version id the service refuses it (403 OperationNotAllowedOnRootBlob).
    private static string? QueryFor(BlobFacts blob)
    {
        if (blob.Snapshot is { } snapshot)
            return IsId(snapshot) ? $"snapshot={Uri.EscapeDataString(snapshot)}" : null;
        if (blob.IsCurrent)
            return "";
        return blob.VersionId is { } version && IsId(version) ? $"versionid={Uri.EscapeDataString(version)}" : null;
    }

    // Both are times, such as 2027-04-01T06:00:00.0000000Z.
    private static bool IsId(string id) =>
        id.Length is > 0 and <= MaxIdLength && id.All(c => char.IsAsciiLetterOrDigit(c) || "-:.".Contains(c));

    // A listing has it without quotation marks, a header with them.
    private static string? Quoted(string? etag)
    {
        var bare = etag is ['"', .. var inner, '"'] ? inner : etag;
        return bare is { Length: > 0 and <= MaxETagLength } && bare.All(IsInETag) ? $"\"{bare}\"" : null;
    }

    private static bool IsInETag(char c) => c is > ' ' and <= '~' and not ('"' or '*' or ',' or '\\');

    private static bool IsContainer(string name) =>
        name.Length is >= 3 and <= 63 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    // '.' and '..' are resolved away in every form, %2E included; half a surrogate pair would be written as another character.
    private static bool CanBeNamed(string name)
    {
        if (name.Length is 0 or > MaxNameLength || name is "." or "..")
            return false;
        for (var i = 0; i < name.Length; i++)
        {
            if (!char.IsSurrogate(name[i]))
                continue;
            if (i + 1 == name.Length || !char.IsSurrogatePair(name[i], name[i + 1]))
                return false;
            i++;
        }
        return true;
    }

    private static bool IsTagCondition(string text) =>
        text.Length <= MaxTagCondition && text.Trim(' ') is { Length: > 0 } inner && inner == text && text.All(c => c is >= ' ' and <= '~');
}
