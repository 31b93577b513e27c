using System.Net;
using System.Text.Json.Nodes;

namespace EndToEnd.Faults;

/// <summary>Azurite stopped and started again on its data in the middle of a leaver's case.</summary>
public sealed class StorageOutageTests(UnbrokenRun unbroken)
{
    [Fact]
    public async Task A_request_while_the_storage_is_away_is_answered_in_words()
    {
        await using var run = await LeaverRun.StartAsync(unbroken.Now, TimeSpan.FromSeconds(150));
        await run.EnsureAppAsync();
        await run.StopStorageAsync();

        var (status, body) = await run.AskAsync("/api/findings");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Matches(
            "^storage, or another service that the app needs, does not answer: try again; the app's log has more under [0-9a-f]{32}$",
            JsonNode.Parse(body)!["error"]!.GetValue<string>()
        );
    }

    [Fact]
    public async Task The_storage_goes_away_and_comes_back_and_the_case_ends_as_if_nothing_had_happened()
    {
        await using var run = await LeaverRun.StartAsync(unbroken.Now, TimeSpan.FromSeconds(150));
        // The event is noted and its sender does not know; access is removed and what came of it is not kept; the certificate is on record
        // and the app does not know.
        await using var outages = new Outages(
            run,
            new(null, "/hrevents", Cut.Unanswered),
            new("LeaverRemove", "outcomes-", Cut.Unsent),
            new("LeaverCertify", "comp=appendblock", Cut.Unanswered, WithApp: true)
        );
        run.Wire.At = outages.AtAsync;
        try
        {
            var known = await run.ToTheEndAsync();
            await outages.Back;
            var outcome = await CaseOutcome.OfAsync(run, known);

            Assert.Equal(3, outages.Happened.Count);
            outcome.AssertLike(await unbroken.OutcomeAsync());
        }
        finally
        {
            outages.Happened.ForEach(TestContext.Current.TestOutputHelper!.WriteLine);
        }
    }
}
