namespace EndToEnd.Faults;

/// <summary>Azurite stopped and started again on its data in the middle of a leaver's case.</summary>
public sealed class StorageOutageTests(UnbrokenRun unbroken) : IClassFixture<UnbrokenRun>
{
    [Fact]
    public async Task The_storage_goes_away_and_comes_back_and_the_case_ends_as_if_nothing_had_happened()
    {
        await using var run = await LeaverRun.StartAsync(unbroken.Now, TimeSpan.FromSeconds(150));
        // The event is noted and its sender does not know; access is removed and what came of it is not kept; the certificate is on record and the app does not know.
        await using var outages = new Outages(
            run, new(null, "/hrevents", Cut.Unanswered), new("LeaverRemove", "outcomes-", Cut.Unsent), new("LeaverCertify", "comp=appendblock", Cut.Unanswered, WithApp: true));
        run.Wire.At = outages.AtAsync;
        try
        {
            var known = await run.ToTheEndAsync();
            await outages.Back;
            var outcome = await CaseOutcome.OfAsync(run, known);

            Assert.Equal(3, outages.Happened.Count);
            outcome.AssertLike(unbroken.Outcome);
        }
        finally
        {
            outages.Happened.ForEach(TestContext.Current.TestOutputHelper!.WriteLine);
        }
    }
}
