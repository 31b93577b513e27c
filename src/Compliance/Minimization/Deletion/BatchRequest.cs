using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Compliance.Minimization.Deletion;

/// <summary>
/// One request that deletes up to 256 blobs. The caller sends it: POST to <see cref="Address"/> with the content type, the version in
/// <c>x-ms-version</c> and its own proof. The SDK's batch client cannot: it has no snapshots, and one of its forms drops a version id
/// and deletes the whole blob.
/// </summary>
/// <remarks>
/// <para>
/// The form is the container's, not the account's: the service refuses a sub-request of another container, so what a plan of one
/// container does stays in it; rights on the container are enough; and a container that was deleted is one answer.
/// </para>
/// <code>
/// --batch_5f0c...
/// Content-Type: application/http
/// Content-Transfer-Encoding: binary
/// Content-ID: 0
///
/// DELETE /raw/2025%2Fa.json?versionid=2025-01-01T00%3A00%3A00.0000000Z HTTP/1.1
/// Authorization: Bearer ...
/// If-Match: "0x8DB"
/// x-ms-if-tags: "hold" &lt;&gt; 'yes'
/// Content-Length: 0
///
/// --batch_5f0c...--
/// </code>
/// <para>
/// It has no <c>x-ms-delete-snapshots</c>: a blob with snapshots that the plan does not have answers 409 SnapshotsPresent and stays.
/// </para>
/// </remarks>
/// <param name="Address">Where it goes.</param>
/// <param name="ContentType">Content type with the boundary.</param>
/// <param name="Body">Body, in ASCII.</param>
/// <param name="Targets">What it deletes: the Content-ID of each is its index.</param>
internal sealed record BatchRequest(Uri Address, string ContentType, ReadOnlyMemory<byte> Body, IReadOnlyList<DeletionTarget> Targets)
{
    /// <summary>Most sub-requests that the service takes.</summary>
    public const int MaxTargets = 256;

    /// <summary>Most bytes of body that the service takes.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Value of x-ms-version, for all sub-requests too: a container's batch needs 2020-04-08 or later.</summary>
    public const string Version = "2021-12-02";

    /// <summary>Longest path of a service's address: the account's name on an emulator.</summary>
    public const int MaxServicePath = 256;

    // Lines of a sub-request that are the same in each, and the longest index.
    private const int FixedBytes = 320;
    private const int BoundaryLength = 38;

    /// <summary>Bytes of a target in a body at most, whatever the proof is when it is sent.</summary>
    public static int MaxBytesFor(DeletionTarget target) =>
        FixedBytes
        + MaxServicePath
        + BatchProof.MaxLength
        + target.Path.Length
        + target.Query.Length
        + target.ETag.Length
        + (target.TagCondition?.Length ?? 0);

    /// <summary>Makes one.</summary>
    /// <param name="service">Address of the account's blob service; its path, as on an emulator, goes before each target's.</param>
    /// <param name="targets">What to delete, all in one container.</param>
    /// <param name="proof">What each sub-request shows.</param>
    /// <exception cref="ArgumentException">There are none or more than 256, in several containers, or over 4 MB.</exception>
    public static BatchRequest Create(Uri service, IReadOnlyList<DeletionTarget> targets, BatchProof proof)
    {
        if (targets.Count is 0 or > MaxTargets)
            throw new ArgumentException($"A batch has 1 to {MaxTargets} targets, not {targets.Count}.", nameof(targets));
        var (account, container) = (targets[0].Account, targets[0].Container);
        if (targets.Any(t => t.Account != account || t.Container != container))
            throw new ArgumentException("A batch has one container.", nameof(targets));
        var prefix = service.AbsolutePath.TrimEnd('/');
        if (prefix.Length > MaxServicePath)
            throw new ArgumentException("The path of the service's address is too long.", nameof(service));
        var boundary = BoundaryFor(targets);
        var body = new StringBuilder(targets.Count * 512);
        for (var i = 0; i < targets.Count; i++)
            Write(body.Append("--").Append(boundary).Append("\r\n"), i, targets[i], prefix, proof);
        body.Append("--").Append(boundary).Append("--\r\n");
        if (body.Length > MaxBytes)
            throw new ArgumentException($"The body has {body.Length} bytes, over {MaxBytes}.", nameof(targets));
        var address = new Uri($"{service.GetLeftPart(UriPartial.Authority)}{prefix}/{container}?restype=container&comp=batch");
        return new(address, $"multipart/mixed; boundary={boundary}", Encoding.ASCII.GetBytes(body.ToString()), targets);
    }

    private static void Write(StringBuilder body, int index, DeletionTarget target, string prefix, BatchProof proof)
    {
        body.Append("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
        body.Append(CultureInfo.InvariantCulture, $"Content-ID: {index}\r\n\r\nDELETE {prefix}{target.Path}");
        var query = string.Join('&', new[] { target.Query, proof.Query }.Where(q => !string.IsNullOrEmpty(q)));
        if (query.Length > 0)
            body.Append('?').Append(query);
        body.Append(" HTTP/1.1\r\n");
        if (proof.Authorization is { } authorization)
            body.Append("Authorization: ").Append(authorization).Append("\r\n");
        body.Append("If-Match: ").Append(target.ETag).Append("\r\n");
        if (target.TagCondition is { } tags)
            body.Append("x-ms-if-tags: ").Append(tags).Append("\r\n");
        body.Append("Content-Length: 0\r\n\r\n");
    }

    // No line of a sub-request begins with '--', so any boundary is safe; this one is the same for the same batch and differs in logs.
    private static string BoundaryFor(IReadOnlyList<DeletionTarget> targets)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var target in targets)
            hash.AppendData(Encoding.ASCII.GetBytes($"{target.Path}?{target.Query} {target.ETag}\n"));
        var boundary = $"batch_{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}";
        System.Diagnostics.Debug.Assert(boundary.Length == BoundaryLength);
        return boundary;
    }
}
