using Compliance.Offboarding;
using Compliance.Tests.State;
using Testing;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class CaseStorageTests(AzuriteFixture azurite)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_case_longer_than_one_column_comes_back_whole()
    {
        var desk = Desk.Of(azurite, "case-long");
        var made = (await desk.TakeAsync(Event(HrEventKind.Terminated, 1))).Case;

        var saved = await desk.Cases.ChangeAsync("case-long", made.Id, c => c with { Note = string.Concat(Enumerable.Repeat("né𝒳\"", 10_000)), UserId = "u" }, Stop);

        Assert.Equal(saved, await desk.Cases.FindAsync("case-long", made.Id, Stop));
        Assert.Equal(made with { Note = "short" }, await desk.Cases.ChangeAsync("case-long", made.Id, _ => made with { Note = "short" }, Stop));
        Assert.Equal(made with { Note = "short" }, Assert.Single(await desk.Cases.AllAsync("case-long", Stop)));
    }

    [Fact]
    public async Task No_writers_change_is_lost()
    {
        var desk = Desk.Of(azurite, "case-race");
        var made = (await desk.TakeAsync(Event(HrEventKind.Terminated, 1))).Case;

        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => desk.Cases.ChangeAsync("case-race", made.Id, c => c with { Round = c.Round + 1 }, Stop)));

        Assert.Equal(13, (await desk.Cases.FindAsync("case-race", made.Id, Stop))!.Round);
    }

    [Fact]
    public async Task A_case_that_is_not_there_is_null_or_an_error_and_other_tenants_are_not_seen()
    {
        var desk = Desk.Of(azurite, "case-none");
        var other = (await Desk.Of(azurite, "case-none-other").TakeAsync(Event(HrEventKind.Terminated, 1))).Case;

        Assert.Null(await desk.Cases.FindAsync("case-none", other.Id, Stop));
        Assert.Empty(await desk.Cases.AllAsync("case-none", Stop));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => desk.Cases.ChangeAsync("case-none", other.Id, c => c, Stop));
    }

    [Fact]
    public async Task A_document_is_canonical_written_once_and_read_back()
    {
        var (storage, faults) = Faults.On(azurite);
        var documents = new BlobCaseDocuments(storage);
        var document = new LeaverFacts { UserId = "u", PrincipalName = "p", DisplayName = "Ünï", Staff = 7, ProtectedBy = ["g"] };

        var first = await documents.SaveAsync("leaver-doc/1/facts.json", document, Stop);
        var before = faults.Requests.Count;
        var second = await documents.SaveAsync("leaver-doc/1/facts.json", document, Stop);
        var puts = faults.Requests.Skip(before).Count(r => r.StartsWith("PUT", StringComparison.Ordinal));
        var changed = await documents.SaveAsync("leaver-doc/1/facts.json", document with { Staff = 8 }, Stop);

        var loaded = await documents.LoadAsync<LeaverFacts>("leaver-doc/1/facts.json", Stop);
        Assert.Equal((first, 0), (second, puts));
        Assert.NotEqual(first, changed);
        Assert.Equivalent(document with { Staff = 8 }, loaded, strict: true);
        var bytes = await documents.LoadBytesAsync("leaver-doc/1/facts.json", Stop);
        Assert.Equal(changed, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes!.ToMemory().Span)));
    }

    [Fact]
    public async Task A_page_keeps_its_type_and_a_missing_document_is_null()
    {
        var documents = new BlobCaseDocuments(Faults.Storage(azurite));
        await documents.SaveTextAsync("leaver-page/1/certificate.html", "text/html; charset=utf-8", "<p>é</p>", Stop);

        var blob = azurite.Blobs.GetBlobContainerClient(BlobCaseDocuments.Container).GetBlobClient("leaver-page/1/certificate.html");
        Assert.Equal("text/html; charset=utf-8", (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ContentType);
        Assert.Equal("<p>é</p>", (await documents.LoadBytesAsync("leaver-page/1/certificate.html", Stop))!.ToString());
        Assert.Null(await documents.LoadAsync<LeaverFacts>("leaver-page/1/none.json", Stop));
        await Assert.ThrowsAsync<InvalidDataException>(() => documents.LoadAsync<LeaverFacts>("leaver-page/1/certificate.html", Stop));
    }

    [Theory]
    [InlineData("../other/facts.json")]
    [InlineData("leaver//facts.json")]
    [InlineData("leaver\\facts.json")]
    public async Task A_name_cannot_leave_its_folder(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => new BlobCaseDocuments(Faults.Storage(azurite)).SaveAsync(name, new LeaverCaseNote("x"), Stop));

    private sealed record LeaverCaseNote(string Text);
}
