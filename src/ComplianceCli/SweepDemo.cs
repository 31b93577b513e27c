using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Changes.Approvals;
using Compliance.Minimization.Sweeps;
using Compliance.Tenants;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>
/// One sweep over the data of the sandbox tenant, live: lets owner and approver answer what waits for them, and checks the report against
/// its evidence record and against a fresh listing of the accounts.
/// </summary>
internal sealed class SweepDemo(Connection connection, AppClient app, TextWriter output, TimeProvider time)
{
    private const string StateAccount = "devstoreaccount1";

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs it.</summary>
    /// <returns>0 when report, evidence and accounts agree, and nothing that was due is left; 1 when they do not.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (connection.TenantSettings.Count == 0 || connection.StateStorage is null || connection.EvidenceStorage is null)
            throw new CliException("the demo runs on the sandbox tenant of ./scripts/run only");
        var began = time.GetUtcNow();
        var sweep = await app.StartSweepAsync(dryRun: false, cancellationToken);
        Report($"sweep {sweep.Id} started");
        var report = await FollowAsync(sweep.Id, began, cancellationToken);
        await output.WriteLineAsync($"\n{SweepCommands.Whole(report)}");
        var wrong = await AccountsAsync(sweep.Id, cancellationToken);
        foreach (var line in wrong.Differs)
            await output.WriteLineAsync($"Accounts   DIFFER: {line}");
        if (wrong.Differs.Count == 0)
            await output.WriteLineAsync($"Accounts   a fresh listing agrees: none of the {wrong.Deleted} deleted items is there");
        var (digest, recorded) = (CanonicalJson.Sha256Of(report), await RecordedAsync(sweep.Id, cancellationToken));
        await output.WriteLineAsync(
            digest == recorded
                ? $"Evidence   the record names the report's digest {digest}"
                : $"Evidence   DIFFERS: report {digest}, record {recorded ?? "none"}"
        );
        return report.IsComplete && wrong.Differs.Count == 0 && digest == recorded ? 0 : 1;
    }

    private async Task<SweepReport> FollowAsync(string id, DateTimeOffset began, CancellationToken cancellationToken)
    {
        SweepStage? shown = null;
        while (true)
        {
            var known = (await app.SweepsAsync(cancellationToken)).Single(s => s.Id == id);
            if (known.Stage != shown)
            {
                shown = known.Stage;
                Report($"stage {known.Stage.ToString().ToLowerInvariant()}, {known.Containers} containers planned");
            }
            if (known.Stage == SweepStage.Acting)
                await ApproveAsync(cancellationToken);
            if (known.EndedAt is not null)
                return await app.SweepReportAsync(id, cancellationToken);
            if (time.GetUtcNow() - began > Patience)
                throw new CliException($"no report within {Patience.TotalMinutes:0} minutes; the sweep is at {known.Stage}");
            await Task.Delay(Between, time, cancellationToken);
        }
    }

    private async Task ApproveAsync(CancellationToken cancellationToken)
    {
        using var people = new SandboxPeople(connection);
        foreach (var request in (await app.ApprovalsAsync(cancellationToken)).Where(r => r.Guards.Count > 0 && r.OwnerId is not null))
        {
            var owners = (await people.HoldersAsync(AppRole.Owner, cancellationToken)).Where(p => p.Id == request.OwnerId);
            var approvers = await people.HoldersAsync(AppRole.Approver, cancellationToken);
            foreach (var person in owners.Concat(approvers.Where(p => ApprovalRules.WhyNot(request, p.Id) is null).Take(1)))
            {
                if (request.Answers.Any(a => a.ApproverId == person.Id))
                    continue;
                var token = await people.TokenAsync(person.PrincipalName, cancellationToken);
                var state = await app.AnswerAsync(request.Id, request.PlanId, approve: true, "demo", token, cancellationToken);
                Report($"{person.PrincipalName} agrees to plan {request.PlanId[..12]}: {state}");
            }
        }
    }

    // By the files of outcomes and the accounts themselves, not by what the app answers.
    private async Task<(int Deleted, IReadOnlyList<string> Differs)> AccountsAsync(string id, CancellationToken cancellationToken)
    {
        var files = new BlobContainerClient(connection.StateStorage, SweepFiles.Container);
        var there = new Dictionary<(string Account, string Container), HashSet<string>>();
        var (deleted, differs) = (0, new List<string>());
        await foreach (var file in files.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{id}/", cancellationToken))
        {
            if (!file.Name.Contains(".outcomes-", StringComparison.Ordinal))
                continue;
            var content = (await files.GetBlobClient(file.Name).DownloadContentAsync(cancellationToken)).Value.Content.ToMemory();
            var header = OutcomeFile.Header(content);
            if (!there.TryGetValue((header.Account, header.Container), out var now))
                there[(header.Account, header.Container)] = now = await ListAsync(header.Account, header.Container, cancellationToken);
            foreach (var row in OutcomeFile.Rows(content).Where(r => r.Result == SweepResult.Deleted))
            {
                deleted++;
                if (now.Contains($"{row.Name}|{row.Snapshot}"))
                    differs.Add($"{header.Account}/{header.Container}/{Plain.Text(row.Name)} is there");
            }
        }
        return (deleted, differs);
    }

    private async Task<HashSet<string>> ListAsync(string account, string container, CancellationToken cancellationToken)
    {
        // All accounts of the emulator have one key.
        var client = new BlobContainerClient(connection.StateStorage!.Replace(StateAccount, account, StringComparison.Ordinal), container);
        var names = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var blob in client.GetBlobsAsync(BlobTraits.None, BlobStates.Snapshots, null, cancellationToken))
            names.Add($"{blob.Name}|{blob.Snapshot}");
        return names;
    }

    // The record itself is looked for, not what the app says of it.
    private async Task<string?> RecordedAsync(string id, CancellationToken cancellationToken)
    {
        await foreach (var record in LedgerRecords.ReadAsync(connection.EvidenceStorage!, cancellationToken))
            if (record.GetProperty("id").GetString() == $"{id}-complete")
                return record.GetProperty("detailsSha256").GetProperty("report.json").GetString();
        return null;
    }

    private void Report(string text) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:HH:mm:ss}  {text}"));
}
