using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Simulation.Storage.Blobs;

/// <summary>The blob service of one account: containers, block blobs, append blobs and leases on blobs.</summary>
/// <param name="storage">Clock, versions and bounds.</param>
/// <param name="account">The contents.</param>
internal sealed class BlobService(MemoryStorage storage, MemoryAccount account)
{
    private const string XmlType = "application/xml";
    private const int MaxAppendBytes = 100 << 20;

    private static readonly string[] HttpHeaderNames = ["Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control"];

    /// <summary>What a request would do.</summary>
    public StorageStep Plan(StorageCall call)
    {
        var slash = call.Path.IndexOf('/', StringComparison.Ordinal);
        var container = Uri.UnescapeDataString(slash < 0 ? call.Path : call.Path[..slash]);
        if (container.Length == 0)
            return call.Method == "GET" && call.Parameter("comp") == "list"
                ? new(StorageOperation.ListContainers, "", () => ListContainers(call))
                : throw call.NotServed();
        if (slash < 0 || call.Parameter("restype") == "container")
            return Container(call, container);
        var name = Uri.UnescapeDataString(call.Path[(slash + 1)..]);
        return Blob(call, container, name);
    }

    private StorageStep Container(StorageCall call, string name) =>
        (call.Method, call.Parameter("comp")) switch
        {
            ("PUT", null) => new(StorageOperation.CreateContainer, name, () => CreateContainer(name)),
            ("DELETE", null) => new(StorageOperation.DeleteContainer, name, () => DeleteContainer(name)),
            ("GET" or "HEAD", null) => new(StorageOperation.GetContainer, name, () => GetContainer(name, call.Method == "HEAD")),
            ("GET", "list") => new(StorageOperation.ListBlobs, name, () => ListBlobs(name, call)),
            _ => throw call.NotServed(),
        };

    private StorageStep Blob(StorageCall call, string container, string name)
    {
        if (
            call.Header("x-ms-copy-source") is not null
            || call.Parameter("snapshot") is not null
            || call.Parameter("versionid") is not null
        )
            throw call.NotServed();
        var operation = (call.Method, call.Parameter("comp")) switch
        {
            ("GET", null) => StorageOperation.GetBlob,
            ("HEAD", null) => StorageOperation.GetBlobProperties,
            ("PUT", null) when call.Header("x-ms-blob-type") is "BlockBlob" or "AppendBlob" => StorageOperation.PutBlob,
            ("PUT", "block") => StorageOperation.PutBlock,
            ("PUT", "blocklist") => StorageOperation.PutBlockList,
            ("PUT", "appendblock") => StorageOperation.AppendBlock,
            ("PUT", "seal") => StorageOperation.SealBlob,
            ("PUT", "metadata") => StorageOperation.SetBlobMetadata,
            ("PUT", "properties") => StorageOperation.SetBlobProperties,
            ("DELETE", null) => StorageOperation.DeleteBlob,
            ("PUT", "lease") => call.Header("x-ms-lease-action") switch
            {
                "acquire" => StorageOperation.AcquireLease,
                "renew" => StorageOperation.RenewLease,
                "change" => StorageOperation.ChangeLease,
                "release" => StorageOperation.ReleaseLease,
                "break" => StorageOperation.BreakLease,
                _ => throw call.NotServed(),
            },
            _ => throw call.NotServed(),
        };
        // The body is read before the step is applied, for the client's stream may do as it likes.
        var body = call.Method == "PUT" ? call.Body : [];
        return new(operation, $"{container}/{name}", () => Apply(operation, container, name, call, body));
    }

    private Answer Apply(StorageOperation operation, string containerName, string name, StorageCall call, byte[] body)
    {
        if (!account.Containers.TryGetValue(containerName, out var container))
            return operation == StorageOperation.GetBlobProperties
                ? Refusal.Bare(404, "ContainerNotFound")
                : Refused(404, "ContainerNotFound");
        var there = container.Find(name);
        return operation switch
        {
            StorageOperation.GetBlob => Get(there, call),
            StorageOperation.GetBlobProperties => Head(there, call),
            StorageOperation.PutBlob => Put(container, name, there, call, body),
            StorageOperation.PutBlock => Stage(container, name, there, call, body),
            StorageOperation.PutBlockList => Commit(container, name, there, call, body),
            StorageOperation.AppendBlock => Append(container, there, call, body),
            StorageOperation.SealBlob => Seal(container, there, call),
            StorageOperation.SetBlobMetadata => Describe(container, there, call, b => b with { Metadata = MetadataIn(call) }),
            StorageOperation.SetBlobProperties => Describe(
                container,
                there,
                call,
                b => WithHeaders(b with { ContentType = "", HttpHeaders = b.HttpHeaders.Clear() }, call)
            ),
            StorageOperation.DeleteBlob => Delete(container, there, call),
            _ => Lease(operation, container, there, call),
        };
    }

    private Answer CreateContainer(string name)
    {
        if (account.Containers.ContainsKey(name))
            return Refused(409, "ContainerAlreadyExists");
        var made = new MemoryContainer(
            name,
            storage.NextVersion(),
            storage.Now,
            [],
            ImmutableDictionary<string, ImmutableDictionary<string, byte[]>>.Empty
        );
        account.Containers = account.Containers.Add(name, made);
        return Dated(new(201) { Changes = [name] }, made);
    }

    private Answer DeleteContainer(string name)
    {
        if (!account.Containers.ContainsKey(name))
            return Refused(404, "ContainerNotFound");
        account.Containers = account.Containers.Remove(name);
        return new(202) { Changes = [name] };
    }

    private Answer GetContainer(string name, bool head)
    {
        if (!account.Containers.TryGetValue(name, out var container))
            return head ? Refusal.Bare(404, "ContainerNotFound") : Refused(404, "ContainerNotFound");
        return Dated(new(200), container).With("x-ms-lease-status", "unlocked").With("x-ms-lease-state", "available");
    }

    private Answer ListContainers(StorageCall call)
    {
        var prefix = call.Parameter("prefix") ?? "";
        var from = call.Parameter("marker") ?? "";
        var names = account
            .Containers.Values.Where(c => c.Name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(c.Name, from) >= 0)
            .ToList();
        var most = Most(call);
        return new(200, BlobXml.Containers(names.Take(most), names.ElementAtOrDefault(most)?.Name), XmlType);
    }

    private Answer ListBlobs(string name, StorageCall call)
    {
        if (!account.Containers.TryGetValue(name, out var container))
            return Refused(404, "ContainerNotFound");
        var include = call.Parameter("include")?.ToLowerInvariant().Split(',') ?? [];
        if (include.Except(["metadata", "copy", "uncommittedblobs", "snapshots", "versions", "deleted"]).Any(i => i.Length > 0))
            throw call.NotServed();
        var prefix = call.Parameter("prefix") ?? "";
        var delimiter = call.Parameter("delimiter");
        var from = call.Parameter("marker") is { Length: > 0 } marker ? marker : prefix;
        var most = Most(call);
        var entries = new List<(string? Prefix, MemoryBlob? Blob)>();
        var at = container.IndexOf(from);
        string? next = null;
        for (at = at >= 0 ? at : ~at; at < container.Blobs.Count; at++)
        {
            var blob = container.Blobs[at];
            if (!blob.Name.StartsWith(prefix, StringComparison.Ordinal))
                break;
            var end = string.IsNullOrEmpty(delimiter) ? -1 : blob.Name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            var folder = end < 0 ? null : blob.Name[..(end + delimiter!.Length)];
            if (folder is not null && entries.Count > 0 && entries[^1].Prefix == folder)
                continue;
            if (entries.Count == most)
            {
                next = blob.Name;
                break;
            }
            entries.Add(folder is null ? (null, blob) : (folder, null));
        }
        return new(200, BlobXml.Blobs(name, entries, next, include.Contains("metadata"), storage.Now), XmlType);
    }

    private int Most(StorageCall call) =>
        Math.Min(
            storage.BlobPage,
            call.Parameter("maxresults") is { } asked ? int.Parse(asked, CultureInfo.InvariantCulture) : int.MaxValue
        );

    private Answer Get(MemoryBlob? blob, StorageCall call)
    {
        if (blob is null)
            return Refused(404, "BlobNotFound");
        if (BlobConditions.OfRead(call, blob, storage.Now) is { } refused)
            return refused.Status == 304 ? Refusal.Bare(304, refused.Code) : Refused(refused);
        if ((call.Header("x-ms-range") ?? call.Header("Range")) is not { } range)
            return Described(new(200, blob.Content.ToArray(), TypeOf(blob)), blob);
        var (first, last) = Range(range);
        if (first >= blob.Content.Length)
            return Refused(416, "InvalidRange")
                .With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{blob.Content.Length}"));
        last = Math.Min(last, blob.Content.Length - 1);
        return Described(new(206, blob.Content.Read(first, last - first + 1), TypeOf(blob)), blob)
            .With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{blob.Content.Length}"));
    }

    private Answer Head(MemoryBlob? blob, StorageCall call)
    {
        if (blob is null)
            return Refusal.Bare(404, "BlobNotFound");
        return BlobConditions.OfRead(call, blob, storage.Now) is { } refused
            ? Refusal.Bare(refused.Status, refused.Code)
            : Described(new(200, default, TypeOf(blob)) { Length = blob.Content.Length }, blob);
    }

    private Answer Put(MemoryContainer container, string name, MemoryBlob? there, StorageCall call, byte[] body)
    {
        if (BlobConditions.OfWrite(call, there, (409, "BlobAlreadyExists"), storage.Now) is { } refused)
            return Refused(refused);
        var kind = call.Header("x-ms-blob-type") == "AppendBlob" ? BlobKind.AppendBlob : BlobKind.BlockBlob;
        var blob = Made(name, kind, there, call) with { Content = BlobContent.Empty.With(body) };
        return Saved(container with { Staged = container.Staged.Remove(name) }, blob, 201);
    }

    private Answer Stage(MemoryContainer container, string name, MemoryBlob? there, StorageCall call, byte[] body)
    {
        if (there is { Kind: BlobKind.AppendBlob })
            return Refused(409, "InvalidBlobType");
        var id = call.Parameter("blockid")!;
        var staged = container.Staged.GetValueOrDefault(name, ImmutableDictionary<string, byte[]>.Empty).SetItem(id, body);
        account.Containers = account.Containers.SetItem(container.Name, container with { Staged = container.Staged.SetItem(name, staged) });
        return new Answer(201).With("x-ms-request-server-encrypted", "true");
    }

    private Answer Commit(MemoryContainer container, string name, MemoryBlob? there, StorageCall call, byte[] body)
    {
        if (there is { Kind: BlobKind.AppendBlob })
            return Refused(409, "InvalidBlobType");
        if (BlobConditions.OfWrite(call, there, (409, "BlobAlreadyExists"), storage.Now) is { } refused)
            return Refused(refused);
        var staged = container.Staged.GetValueOrDefault(name, ImmutableDictionary<string, byte[]>.Empty);
        var list = ImmutableList.CreateBuilder<KeyValuePair<string, byte[]>>();
        var content = BlobContent.Empty;
        foreach (var element in StorageCall.Xml(body).Root!.Elements())
        {
            // Committed, Uncommitted or Latest, which is either.
            var kept = there?.BlockList.Find(b => b.Key == element.Value).Value;
            var fresh = staged.GetValueOrDefault(element.Value);
            var block = element.Name.LocalName switch
            {
                "Committed" => kept,
                "Uncommitted" => fresh,
                _ => fresh ?? kept,
            };
            if (block is null)
                return Refused(400, "InvalidBlockList");
            list.Add(new(element.Value, block));
            content = content.With(block);
        }
        var blob = Made(name, BlobKind.BlockBlob, there, call) with { Content = content, BlockList = list.ToImmutable() };
        return Saved(container with { Staged = container.Staged.Remove(name) }, blob, 201);
    }

    private Answer Append(MemoryContainer container, MemoryBlob? blob, StorageCall call, byte[] body)
    {
        if (!CanAppend(blob, call, out var refused))
            return refused;
        if (body.Length > MaxAppendBytes)
            return Refused(413, "RequestBodyTooLarge");
        if (body.Length == 0)
            return Refused(400, "InvalidHeaderValue");
        if (Number(call, "x-ms-blob-condition-appendpos") is { } position && position != blob.Content.Length)
            return Refused(412, "AppendPositionConditionNotMet");
        if (Number(call, "x-ms-blob-condition-maxsize") is { } most && blob.Content.Length + body.Length > most)
            return Refused(412, "MaxBlobSizeConditionNotMet");
        if (blob.Sealed)
            return Refused(409, "BlobIsSealed");
        if (blob.Blocks >= storage.MaxAppends)
            return Refused(409, "BlockCountExceedsLimit");
        var offset = blob.Content.Length;
        var longer = blob with
        {
            Content = blob.Content.With(body),
            Blocks = blob.Blocks + 1,
            Version = storage.NextVersion(),
            Modified = storage.Now,
        };
        return Saved(container, longer, 201)
            .With("x-ms-blob-append-offset", offset.ToString(CultureInfo.InvariantCulture))
            .With("x-ms-blob-committed-block-count", longer.Blocks.ToString(CultureInfo.InvariantCulture));
    }

    // What both an append and a sealing ask of a blob.
    private bool CanAppend([NotNullWhen(true)] MemoryBlob? blob, StorageCall call, [NotNullWhen(false)] out Answer? refused)
    {
        refused = blob switch
        {
            null => Refused(404, "BlobNotFound"),
            { Kind: not BlobKind.AppendBlob } => Refused(409, "InvalidBlobType"),
            _ => BlobConditions.OfWrite(call, blob, (412, "ConditionNotMet"), storage.Now) is { } why ? Refused(why) : null,
        };
        return blob is not null && refused is null;
    }

    private Answer Seal(MemoryContainer container, MemoryBlob? blob, StorageCall call)
    {
        if (!CanAppend(blob, call, out var refused))
            return refused;
        if (Number(call, "x-ms-blob-condition-appendpos") is { } position && position != blob.Content.Length)
            return Refused(412, "AppendPositionConditionNotMet");
        var closed = blob.Sealed ? blob : blob with { Sealed = true, Version = storage.NextVersion(), Modified = storage.Now };
        return Saved(container, closed, 200).With("x-ms-blob-sealed", "true");
    }

    private Answer Describe(MemoryContainer container, MemoryBlob? blob, StorageCall call, Func<MemoryBlob, MemoryBlob> change)
    {
        if (blob is null)
            return Refused(404, "BlobNotFound");
        return BlobConditions.OfWrite(call, blob, (412, "ConditionNotMet"), storage.Now) is { } refused
            ? Refused(refused)
            : Saved(container, change(blob) with { Version = storage.NextVersion(), Modified = storage.Now }, 200);
    }

    private Answer Delete(MemoryContainer container, MemoryBlob? blob, StorageCall call)
    {
        if (BlobConditions.OfWrite(call, blob, (412, "ConditionNotMet"), storage.Now) is { } refused)
            return Refused(refused);
        if (blob is null)
            return Refused(404, "BlobNotFound");
        account.Containers = account.Containers.SetItem(container.Name, container.Without(blob.Name));
        return new Answer(202) { Changes = [$"{container.Name}/{blob.Name}"] }.With("x-ms-delete-type-permanent", "true");
    }

    private Answer Lease(StorageOperation operation, MemoryContainer container, MemoryBlob? blob, StorageCall call)
    {
        if (blob is null)
            return Refused(404, "BlobNotFound");
        var now = storage.Now;
        if (ConditionsOfLease(call, blob) is { } refused)
            return Refused(refused);
        var (id, proposed) = (call.Header("x-ms-lease-id"), call.Header("x-ms-proposed-lease-id"));
        var held = blob.Lease;
        var state = held.StateAt(now);
        var mine = string.Equals(id, held.Id, StringComparison.OrdinalIgnoreCase);
        switch (operation)
        {
            case StorageOperation.AcquireLease:
                if (state == LeaseState.Breaking)
                    return Refused(409, Same(proposed, held.Id) ? "LeaseIsBreakingAndCannotBeAcquired" : "LeaseAlreadyPresent");
                if (state == LeaseState.Leased && !Same(proposed, held.Id))
                    return Refused(409, "LeaseAlreadyPresent");
                var seconds = int.Parse(call.Header("x-ms-lease-duration")!, CultureInfo.InvariantCulture);
                if (seconds is not -1 and (< 15 or > 60))
                    return Refused(400, "InvalidHeaderValue");
                return Leased(container, blob, Taken(proposed ?? storage.NextId().ToString(), seconds, now), 201);
            case StorageOperation.RenewLease:
                if (held.Id is null || !mine)
                    return Refused(409, "LeaseIdMismatchWithLeaseOperation");
                return held.Breaks
                    ? Refused(409, "LeaseIsBrokenAndCannotBeRenewed")
                    : Leased(container, blob, Taken(held.Id, held.Seconds, now), 200);
            case StorageOperation.ChangeLease:
                if (state is not (LeaseState.Leased or LeaseState.Breaking))
                    return Refused(409, "LeaseNotPresentWithLeaseOperation");
                if (!mine && !Same(proposed, held.Id))
                    return Refused(409, "LeaseIdMismatchWithLeaseOperation");
                return state == LeaseState.Breaking
                    ? Refused(409, "LeaseIsBreakingAndCannotBeChanged")
                    : Leased(container, blob, held with { Id = proposed }, 200);
            case StorageOperation.ReleaseLease:
                return held.Id is null || !mine
                    ? Refused(409, "LeaseIdMismatchWithLeaseOperation")
                    : Leased(container, blob, BlobLease.None, 200);
            default:
                if (held.Id is null)
                    return Refused(409, "LeaseNotPresentWithLeaseOperation");
                return Broken(container, blob, call, state, now);
        }
    }

    private Answer Broken(MemoryContainer container, MemoryBlob blob, StorageCall call, LeaseState state, DateTimeOffset now)
    {
        var held = blob.Lease;
        var period = Number(call, "x-ms-lease-break-period");
        // Until it would have ended by itself, or earlier where a period is asked for; without an end it breaks at once, or after the
        // period.
        var rest = held.Ends is { } ends ? (long)Math.Ceiling((ends - now).TotalSeconds) : period ?? 0;
        var left = state is LeaseState.Leased or LeaseState.Breaking ? Math.Min(rest, period ?? rest) : 0;
        return Leased(container, blob, held with { Breaks = true, Ends = now.AddSeconds(left) }, 202)
            .With("x-ms-lease-time", left.ToString(CultureInfo.InvariantCulture));
    }

    private static BlobLease Taken(string id, int seconds, DateTimeOffset now) =>
        new(id, seconds, seconds < 0 ? null : now.AddSeconds(seconds), Breaks: false);

    // The lease itself is no condition of an operation on it.
    private (int Status, string Code)? ConditionsOfLease(StorageCall call, MemoryBlob blob)
    {
        var lease = call.Header("x-ms-lease-id") is { } id ? new(id, -1, null, Breaks: false) : BlobLease.None;
        return BlobConditions.OfWrite(call, blob with { Lease = lease }, (412, "ConditionNotMet"), storage.Now);
    }

    private static bool Same(string? id, string? other) => string.Equals(id, other, StringComparison.OrdinalIgnoreCase);

    private Answer Leased(MemoryContainer container, MemoryBlob blob, BlobLease lease, int status)
    {
        // A lease is no change of the blob: its version stays.
        var answer = Kept(container, blob with { Lease = lease }, status);
        return lease.Id is null || lease.Breaks ? answer : answer.With("x-ms-lease-id", lease.Id);
    }

    private MemoryBlob Made(string name, BlobKind kind, MemoryBlob? there, StorageCall call)
    {
        var now = storage.Now;
        var blob = new MemoryBlob
        {
            Name = name,
            Kind = kind,
            Version = storage.NextVersion(),
            Created = there?.Created ?? now,
            Modified = now,
            Metadata = MetadataIn(call),
            Lease = there?.Lease ?? BlobLease.None,
        };
        return WithHeaders(blob, call);
    }

    private static MemoryBlob WithHeaders(MemoryBlob blob, StorageCall call)
    {
        foreach (var name in HttpHeaderNames)
            if (call.Header($"x-ms-blob-{name}") is { } value)
                blob = blob with { HttpHeaders = blob.HttpHeaders.SetItem(name, value) };
        return call.Header("x-ms-blob-content-type") is { } type ? blob with { ContentType = type } : blob;
    }

    private static ImmutableSortedDictionary<string, string> MetadataIn(StorageCall call)
    {
        const string Prefix = "x-ms-meta-";
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in call.Headers)
            if (header.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                metadata[header.Name[Prefix.Length..]] = header.Value;
        return metadata.ToImmutable();
    }

    private Answer Saved(MemoryContainer container, MemoryBlob blob, int status) =>
        // A write ends a lease that holds no more: from then on it cannot be renewed.
        Kept(container, blob.Lease.HoldsAt(storage.Now) ? blob : blob with { Lease = BlobLease.None }, status);

    private Answer Kept(MemoryContainer container, MemoryBlob blob, int status)
    {
        account.Containers = account.Containers.SetItem(container.Name, container.With(blob));
        return new Answer(status) { Changes = [$"{container.Name}/{blob.Name}"] }
            .With("ETag", blob.ETag)
            .With("Last-Modified", BlobXml.Date(blob.Modified))
            .With("x-ms-request-server-encrypted", "true");
    }

    private Answer Described(Answer answer, MemoryBlob blob)
    {
        answer
            .With("ETag", blob.ETag)
            .With("Last-Modified", BlobXml.Date(blob.Modified))
            .With("x-ms-creation-time", BlobXml.Date(blob.Created))
            .With("x-ms-blob-type", blob.Kind.ToString())
            .With("Accept-Ranges", "bytes")
            .With("x-ms-lease-status", blob.Lease.HoldsAt(storage.Now) ? "locked" : "unlocked")
            .With("x-ms-lease-state", BlobXml.Lower(blob.Lease.StateAt(storage.Now)))
            .With("x-ms-server-encrypted", "true");
        if (blob.Lease.StateAt(storage.Now) == LeaseState.Leased)
            answer.With("x-ms-lease-duration", blob.Lease.Seconds < 0 ? "infinite" : "fixed");
        if (blob.Kind == BlobKind.AppendBlob)
            answer
                .With("x-ms-blob-committed-block-count", blob.Blocks.ToString(CultureInfo.InvariantCulture))
                .With("x-ms-blob-sealed", blob.Sealed ? "true" : null);
        foreach (var (name, value) in blob.HttpHeaders)
            answer.With(name, value);
        foreach (var (name, value) in blob.Metadata)
            answer.With($"x-ms-meta-{name}", value);
        return answer;
    }

    private static string? TypeOf(MemoryBlob blob) => blob.ContentType.Length == 0 ? null : blob.ContentType;

    private static Answer Dated(Answer answer, MemoryContainer container) =>
        answer
            .With("ETag", string.Create(CultureInfo.InvariantCulture, $"\"0x{container.Version:X16}\""))
            .With("Last-Modified", BlobXml.Date(container.Modified));

    private static (long First, long Last) Range(string range)
    {
        var bounds = range["bytes=".Length..].Split('-');
        var last = bounds[1].Length == 0 ? long.MaxValue : long.Parse(bounds[1], CultureInfo.InvariantCulture);
        return (long.Parse(bounds[0], CultureInfo.InvariantCulture), last);
    }

    private static long? Number(StorageCall call, string header) =>
        call.Header(header) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    private static Answer Refused((int Status, string Code) refusal) => Refused(refusal.Status, refusal.Code);

    private static Answer Refused(int status, string code) =>
        Refusal.Answer(
            StorageService.Blob,
            status,
            code,
            code switch
            {
                "BlobNotFound" => "The specified blob does not exist.",
                "BlobAlreadyExists" => "The specified blob already exists.",
                "ContainerNotFound" => "The specified container does not exist.",
                "ContainerAlreadyExists" => "The specified container already exists.",
                "ConditionNotMet" => "The condition specified using HTTP conditional header(s) is not met.",
                "AppendPositionConditionNotMet" => "The append position condition specified was not met.",
                "InvalidRange" => "The range specified is invalid for the current size of the resource.",
                _ => code,
            }
        );
}
