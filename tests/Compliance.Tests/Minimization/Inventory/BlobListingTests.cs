using System.Globalization;
using Azure.Storage.Blobs;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Inventory;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>Listings of what Azurite does not have: versions, holds, directories, soft delete, refusals.</summary>
public sealed class BlobListingTests : IDisposable
{
    private const string Identity = "c11e0000-0000-4000-8000-000000000000";

    private readonly PaperBlobs _service = new() { Answer = _ => PaperBlobs.Page("") };
    private readonly List<Unread> _unread = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task All_that_decides_is_in_the_facts()
    {
        _service.Answer = _ =>
            PaperBlobs.Page(
                """
                <Blob><Name>a.json</Name><VersionId>2027-04-01T06:00:00.0000000Z</VersionId><IsCurrentVersion>true</IsCurrentVersion>
                <Properties><Creation-Time>Thu, 01 Apr 2027 06:00:00 GMT</Creation-Time>
                <Last-Modified>Fri, 02 Apr 2027 06:00:00 GMT</Last-Modified><Etag>0x8DB</Etag><Content-Length>42</Content-Length>
                <BlobType>BlockBlob</BlobType><AccessTier>Cool</AccessTier><LeaseStatus>locked</LeaseStatus>
                <LeaseState>breaking</LeaseState>
                <LastAccessTime>Sat, 03 Apr 2027 06:00:00 GMT</LastAccessTime><TagCount>1</TagCount><LegalHold>true</LegalHold>
                <ImmutabilityPolicyUntilDate>Sun, 04 Apr 2027 06:00:00 GMT</ImmutabilityPolicyUntilDate>
                <ImmutabilityPolicyMode>unlocked</ImmutabilityPolicyMode></Properties>
                <Metadata><Expires>2027-05-01</Expires></Metadata>
                <Tags><TagSet><Tag><Key>Legalhold</Key><Value>17</Value></Tag></TagSet></Tags></Blob>
                """
            );

        var blob = Assert.Single(await ListAsync());

        Assert.Equal("2027-05-01", blob.Metadata!["expires"]);
        Assert.Equal("17", blob.Tags!["Legalhold"]);
        Assert.Equal(
            new BlobFacts
            {
                Account = "stone",
                Container = "data",
                Name = "a.json",
                VersionId = "2027-04-01T06:00:00.0000000Z",
                IsCurrent = true,
                IsBlockBlob = true,
                Created = Day(1),
                LastModified = Day(2),
                LastAccessed = Day(3),
                ImmutableUntil = Day(4),
                ETag = "0x8DB",
                Size = 42,
                Tier = "Cool",
                HasLegalHold = true,
                IsLeased = true,
                Tags = blob.Tags,
                Metadata = blob.Metadata,
            },
            blob
        );
        Assert.Equal("prefix=&include=Metadata,Snapshots,Tags,Immutabilitypolicy,Legalhold,Versions", Asked());
        Assert.Empty(_unread);
    }

    [Fact]
    public async Task Only_what_a_read_of_the_name_gives_is_current()
    {
        _service.Answer = _ =>
            PaperBlobs.Page(
                Blob("versions-off")
                    + Blob("latest", "<VersionId>2</VersionId><IsCurrentVersion>true</IsCurrentVersion>")
                    + Blob("latest", "<VersionId>1</VersionId>")
                    + Blob("latest", "<Snapshot>2027-04-01T06:00:00.0000000Z</Snapshot>")
                    + Blob("deleted-before", "<VersionId>1</VersionId><IsCurrentVersion>false</IsCurrentVersion>")
            );

        Assert.Equal(
            [("versions-off", true), ("latest", true), ("latest", false), ("latest", false), ("deleted-before", false)],
            (await ListAsync()).Select(b => (b.Name, b.IsCurrent))
        );
    }

    [Theory]
    [InlineData(null, null, "", null)]
    [InlineData(false, null, "", false)]
    [InlineData(true, null, "", true)]
    [InlineData(null, null, "<LegalHold>true</LegalHold>", true)]
    [InlineData(false, null, "<LegalHold>true</LegalHold>", true)]
    [InlineData(false, null, "<LegalHold>false</LegalHold>", false)]
    [InlineData(true, null, "<LegalHold>false</LegalHold>", true)]
    public async Task A_hold_of_the_blob_or_of_its_container_counts_and_none_is_none_only_when_the_container_was_read(
        bool? container,
        bool? policy,
        string properties,
        bool? expected
    )
    {
        _service.Answer = _ => PaperBlobs.Page(Blob("a", properties: properties));

        var blob = Assert.Single(await ListAsync(At(Container with { HasLegalHold = container, HasImmutabilityPolicy = policy })));

        Assert.Equal(expected, blob.HasLegalHold);
    }

    [Theory]
    [InlineData(false, null, "", null)]
    [InlineData(false, null, "04 Apr", "2027-04-04")]
    [InlineData(true, 10, "", "2027-04-11")]
    [InlineData(true, 1, "04 Apr", "2027-04-04")]
    [InlineData(true, 10, "04 Apr", "2027-04-11")]
    // Without the days of the policy, or without knowing of a policy, it is kept.
    [InlineData(true, null, "04 Apr", "9999-12-31")]
    [InlineData(null, null, "", "9999-12-31")]
    public async Task The_longest_immutability_counts(bool? policy, int? days, string own, string? until)
    {
        var element = own.Length == 0 ? "" : $"<ImmutabilityPolicyUntilDate>Sun, {own} 2027 06:00:00 GMT</ImmutabilityPolicyUntilDate>";
        _service.Answer = _ =>
            PaperBlobs.Page(Blob("a", properties: "<Creation-Time>Thu, 01 Apr 2027 06:00:00 GMT</Creation-Time>" + element));
        var facts = Container with
        {
            HasImmutabilityPolicy = policy,
            ImmutableFor = days is { } number ? TimeSpan.FromDays(number) : null,
        };

        var blob = Assert.Single(await ListAsync(At(facts)));

        Assert.Equal(until, blob.ImmutableUntil?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_account_with_directories_is_not_asked_for_what_it_lacks_and_its_directories_are_no_blobs()
    {
        const string Directory = "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>";
        _service.Answer = _ => PaperBlobs.Page(Blob("2027", after: Directory) + Blob("2027/a.json") + Blob("2027/empty", after: Directory));

        var blobs = await ListAsync(At(Container, isHierarchical: true));

        Assert.Equal(["2027/a.json"], blobs.Select(b => b.Name));
        Assert.Empty(blobs[0].Tags!);
        Assert.True(blobs[0].IsCurrent);
        Assert.Equal("prefix=&include=Metadata,Snapshots", Asked());
        // In an account without directories it is a blob like any other, which somebody named so.
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [Fact]
    public async Task What_was_not_shown_is_unknown_and_never_the_oldest_of_all()
    {
        _service.Answer = _ => PaperBlobs.Page("<Blob><Name>a</Name><Properties></Properties></Blob>");

        var blob = Assert.Single(await ListAsync());

        Assert.Equal((null, null, null, null), (blob.Created, blob.LastModified, blob.LastAccessed, blob.ETag));
        Assert.False(blob.IsBlockBlob);
    }

    [Fact]
    public async Task Tags_that_a_listing_counts_but_does_not_show_are_unknown_and_none_are_none()
    {
        _service.Answer = _ => PaperBlobs.Page(Blob("some", properties: "<TagCount>2</TagCount>") + Blob("none"));

        var blobs = await ListAsync();

        Assert.Null(blobs[0].Tags);
        Assert.Empty(blobs[1].Tags!);
    }

    [Fact]
    public async Task Without_the_right_to_tags_blobs_are_listed_with_unknown_tags_and_the_right_is_named()
    {
        _service.Answer = query =>
            query.Contains("tags", StringComparison.OrdinalIgnoreCase)
                ? PaperBlobs.Refused(403, "AuthorizationPermissionMismatch")
                : PaperBlobs.Page(Blob("a"), query.Contains("marker", StringComparison.Ordinal) ? "" : "2");

        var blobs = await ListAsync();

        Assert.Equal(2, blobs.Count);
        Assert.All(blobs, b => Assert.Null(b.Tags));
        Assert.All(blobs, b => Assert.Empty(b.Metadata!));
        var unread = Assert.Single(_unread);
        Assert.Equal(("blob/stone/data/tags", InventoryCalls.TagsRead), (unread.Source, unread.Permission));
        Texts.Minimization.Expect("index tags that may not be read", $"{unread.Reason}\n{unread.Remedy}");
    }

    [Fact]
    public async Task Without_the_right_to_blobs_the_container_is_unread_and_the_role_is_named()
    {
        _service.Answer = _ => PaperBlobs.Refused(403, "AuthorizationPermissionMismatch");

        Assert.Empty(await ListAsync());

        var unread = Assert.Single(_unread);
        Assert.Equal(("blob/stone/data", "Storage Blob Data Reader"), (unread.Source, unread.Permission));
        Assert.StartsWith("403, refused: AuthorizationPermissionMismatch", unread.Reason, StringComparison.Ordinal);
        Assert.Equal(
            $"az role assignment create --assignee {Identity} --role 'Storage Blob Data Reader' --scope '{Account(false).Id}'",
            unread.Remedy
        );
    }

    [Fact]
    public async Task A_firewall_is_no_missing_role()
    {
        _service.Answer = _ => PaperBlobs.Refused(403, "AuthorizationFailure");

        Assert.Empty(await ListAsync());

        var unread = Assert.Single(_unread);
        Assert.Null(unread.Permission);
        Texts.Minimization.Expect("a firewall of an account", $"{unread.Reason}\n{unread.Remedy}");
    }

    [Theory]
    [InlineData(404, "ContainerNotFound", "ContainerNotFound")]
    [InlineData(404, "ContainerBeingDeleted", "ContainerBeingDeleted")]
    [InlineData(503, "ServerBusy", "ServerBusy")]
    [InlineData(403, "AuthorizationPermissionMismatch", "refused")]
    public async Task What_fails_midway_is_unread_and_what_was_read_before_stays(int status, string code, string reason)
    {
        _service.Answer = query =>
            query.Contains("marker=2", StringComparison.Ordinal) ? PaperBlobs.Refused(status, code) : PaperBlobs.Page(Blob("a"), "2");

        Assert.Equal(["a"], (await ListAsync()).Select(b => b.Name));

        Assert.Contains(reason, Assert.Single(_unread).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_next_page_that_repeats_is_no_end()
    {
        _service.Answer = _ => PaperBlobs.Page(Blob("a"), "2");

        await ListAsync();

        Assert.Contains("twice", Assert.Single(_unread).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_deleted_and_can_be_brought_back_is_listed_by_itself()
    {
        const string Deleted = "<Deleted>true</Deleted>";
        const string Days =
            "<DeletedTime>Fri, 02 Apr 2027 06:00:00 GMT</DeletedTime><RemainingRetentionDays>6</RemainingRetentionDays>";
        _service.Answer = _ => PaperBlobs.Page(Blob("lives") + Blob("a", Deleted, Days) + Blob("b", Deleted + "<VersionId>1</VersionId>"));

        var deleted = await new BlobListing(Identity).ListDeletedAsync(At(Container), "x/", _unread.Add, Stop).ToListAsync(Stop);

        Assert.Equal(
            [("a", null, Day(2), 6), ("b", "1", null, null)],
            deleted.Select(d => (d.Blob.Name, d.Blob.VersionId, d.DeletedOn, d.RemainingDays))
        );
        Assert.All(deleted, d => Assert.False(d.Blob.IsCurrent));
        Assert.Equal("prefix=x%2F&include=Deleted,Metadata,Snapshots,Versions", Asked());
    }

    [Fact]
    public async Task A_listing_that_is_stopped_stops()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await new BlobListing(Identity).ListAsync(At(Container), "", _unread.Add, stopping.Token).ToListAsync(Stop)
        );
        Assert.Empty(_unread);
    }

    private static ContainerFacts Container { get; } =
        new()
        {
            Account = "stone",
            Name = "data",
            Metadata = new Dictionary<string, string>(),
            HasLegalHold = false,
            HasImmutabilityPolicy = false,
            IsDeleted = false,
        };

    private static DateTimeOffset Day(int day) => new(2027, 4, day, 6, 0, 0, TimeSpan.Zero);

    private static StorageAccountFacts Account(bool isHierarchical) =>
        SampleAccount.Named("stone") with
        {
            IsHierarchical = isHierarchical,
        };

    private static string Blob(string name, string before = "", string properties = "", string after = "") =>
        $"<Blob><Name>{name}</Name>{before}<Properties><Etag>0x1</Etag><Content-Length>1</Content-Length>{properties}</Properties>{after}"
        + "</Blob>";

    private ListedContainer At(ContainerFacts facts, bool isHierarchical = false) =>
        new(
            Account(isHierarchical),
            facts,
            new BlobContainerClient(
                new Uri("https://stone.blob.core.windows.net/data"),
                new BlobClientOptions { Transport = _service.Transport, Retry = { MaxRetries = 0 } }
            )
        );

    private ValueTask<List<BlobFacts>> ListAsync(ListedContainer? at = null) =>
        new BlobListing(Identity).ListAsync(at ?? At(Container), "", _unread.Add, Stop).ToListAsync(Stop);

    // What the last listing asked for, without what every one has.
    private string Asked() =>
        string.Join(
            '&',
            _service
                .Requests[^1]
                .Query.TrimStart('?')
                .Split('&')
                .Where(q => q.StartsWith("prefix", StringComparison.Ordinal) || q.StartsWith("include", StringComparison.Ordinal))
                .Select(q => q.Replace("%2C", ",", StringComparison.OrdinalIgnoreCase))
                .OrderByDescending(q => q, StringComparer.Ordinal)
        );
}
