using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Compliance.Ledger.Privacy;
using Compliance.Offboarding;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;
using Compliance.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ComplianceCli;

/// <summary>
/// Offboards one person of the sandbox tenant, live: sends a signed event, lets two approvers answer what waits for them, and checks the
/// certificate against its evidence record and against a fresh read of the tenant.
/// </summary>
internal sealed class Demo(Connection connection, AppClient app, TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs it.</summary>
    /// <returns>0 when certificate, evidence and tenant agree; 1 when they do not.</returns>
    public async Task<int> RunAsync(string employeeId, string? certificateFile, CancellationToken cancellationToken)
    {
        if (connection.TenantSettings.Count == 0 || connection.EvidenceStorage is null)
            throw new CliException("the demo runs on the sandbox tenant of ./scripts/run only");
        var began = time.GetUtcNow();
        var caseId = await app.SendHrEventAsync(Event(employeeId, began), began, cancellationToken);
        Report(began, $"HR event sent for employee {employeeId}: case {caseId}");
        var done = await FollowAsync(caseId, began, cancellationToken);
        var certificateBytes = await app.DocumentAsync(caseId, "certificate.json", cancellationToken);
        var digest = Convert.ToHexStringLower(SHA256.HashData(certificateBytes));
        var certificate =
            JsonSerializer.Deserialize<RevocationCertificate>(certificateBytes, ComplianceJson.Compact)
            ?? throw new CliException("the certificate is empty");
        OffboardOutput.Certificate(output, certificate);
        if (certificateFile is not null)
        {
            await File.WriteAllBytesAsync(
                certificateFile,
                await app.DocumentAsync(caseId, "certificate.html", cancellationToken),
                cancellationToken
            );
            await output.WriteLineAsync($"\nCertificate as a page: {certificateFile}");
        }

        await output.WriteLineAsync();
        var (recorded, expected) = await EvidenceAsync(caseId, digest, cancellationToken);
        var agrees = recorded == expected && expected is not null && done.CertificateSha256 == digest;
        await output.WriteLineAsync(
            agrees
                ? $"Evidence   the record names the certificate's digest {digest}, salted: {recorded}"
                : $"Evidence   DIFFERS: certificate {digest}, salted {expected ?? "unknown"}, record {recorded ?? "none"}"
        );
        var wrong = await FreshAsync(certificate, cancellationToken);
        foreach (var line in wrong)
            await output.WriteLineAsync($"Tenant     DIFFERS: {line}");
        if (wrong.Count == 0)
            await output.WriteLineAsync(
                "Tenant     a fresh read agrees: the account is disabled, and none of the "
                    + $"{certificate.Accesses.Count(a => a.State == AccessState.Removed)} removed accesses is there"
            );
        return agrees && wrong.Count == 0 ? 0 : 1;
    }

    private static byte[] Event(string employeeId, DateTimeOffset now) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["specversion"] = "1.0",
                ["id"] = $"demo-{now.ToUnixTimeMilliseconds()}",
                ["source"] = "urn:demo:hr",
                ["type"] = "hr.employee.terminated",
                ["time"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                ["datacontenttype"] = "application/json",
                ["data"] = new JsonObject
                {
                    ["employeeId"] = employeeId,
                    ["employment"] = $"demo-{now.ToUnixTimeMilliseconds()}",
                    ["sequence"] = 1,
                    ["forCause"] = true,
                    ["leaves"] = new JsonObject
                    {
                        ["local"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture),
                        ["timeZone"] = "Etc/UTC",
                    },
                },
            }
        );

    private async Task<LeaverCase> FollowAsync(string caseId, DateTimeOffset began, CancellationToken cancellationToken)
    {
        LeaverStage? shown = null;
        var blocked = false;
        while (true)
        {
            var known = await app.CaseAsync(caseId, cancellationToken);
            if (known.BlockedAt is { } at && !blocked)
            {
                blocked = true;
                Report(
                    time.GetUtcNow(),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"blocked {(at - known.ReceivedAt).TotalSeconds:0.0} s after the event arrived"
                    )
                );
            }
            if (known.Stage != shown)
            {
                shown = known.Stage;
                Report(time.GetUtcNow(), $"stage {OffboardOutput.Stage(known.Stage)}{(known.Note is { } note ? $": {note}" : "")}");
            }
            if (known.Stage is LeaverStage.AwaitingApproval or LeaverStage.Held or LeaverStage.Blocking)
                await ApproveAsync(caseId, cancellationToken);
            if (known.CertificateSha256 is not null)
                return known;
            if (known.Stage == LeaverStage.Unmatched)
                throw new CliException($"the case waits: {known.Note}");
            if (time.GetUtcNow() - began > Patience)
                throw new CliException(
                    $"no certificate within {Patience.TotalMinutes:0} minutes; the case is at {known.Stage}: {known.Note}"
                );
            await Task.Delay(Between, time, cancellationToken);
        }
    }

    private async Task ApproveAsync(string caseId, CancellationToken cancellationToken)
    {
        foreach (var request in (await app.ApprovalsAsync(cancellationToken)).Where(r => r.CaseId == caseId))
        {
            using var people = new SandboxPeople(connection);
            foreach (
                var approver in (await people.HoldersAsync(AppRole.Approver, cancellationToken))
                    .Where(a => !request.Answers.Any(x => x.ApproverId == a.Id))
                    .Take(ApprovalNeed - request.Answers.Count)
            )
            {
                var state = await app.AnswerAsync(
                    request.Id,
                    request.PlanId,
                    approve: true,
                    "demo",
                    await people.TokenAsync(approver.PrincipalName, cancellationToken),
                    cancellationToken
                );
                Report(time.GetUtcNow(), $"approver {approver.PrincipalName} agrees to plan {request.PlanId[..12]}: {state}");
            }
        }
    }

    private const int ApprovalNeed = 2;

    // The record itself is looked for, not what the app says of it.
    // The ledger knows the person by a pseudonym, and the digest with the person's salt; both are kept beside it.
    private async Task<(string? Recorded, string? Expected)> EvidenceAsync(
        string caseId,
        string digest,
        CancellationToken cancellationToken
    )
    {
        string? recorded = null;
        Pseudonym? person = null;
        await foreach (
            var blob in new BlobContainerClient(connection.EvidenceStorage, BlobPseudonyms.Container).GetBlobsAsync(
                cancellationToken: cancellationToken
            )
        )
            if (blob.Name.EndsWith(BlobPseudonyms.BlobName("t", caseId)[1..], StringComparison.Ordinal))
                person = (
                    await new BlobClient(connection.EvidenceStorage, BlobPseudonyms.Container, blob.Name).DownloadContentAsync(
                        cancellationToken
                    )
                ).Value.Content.ToObjectFromJson<Pseudonym>(ComplianceJson.Compact);
        if (person is null)
            return (null, null);
        await foreach (var record in LedgerRecords.ReadAsync(connection.EvidenceStorage!, cancellationToken))
            if (
                record.GetProperty("action").GetString() == "offboarding.certificate"
                && record.GetProperty("subject").GetString() == person.Name
            )
                recorded = record.GetProperty("detailsSha256").GetProperty("certificate.json").GetString();
        return (recorded, person.Digest(digest));
    }

    private async Task<List<string>> FreshAsync(RevocationCertificate certificate, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(time);
        services.AddTenant(
            new ConfigurationBuilder()
                .AddInMemoryCollection(connection.TenantSettings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)))
                .Build()
        );
        services.AddLeaverDirectory();
        await using var provider = services.BuildServiceProvider();
        var directory = provider.GetRequiredService<ILeaverDirectory>();
        var policy = new OffboardingPolicy { Sha256 = "" };
        var lookup = await directory.LookUpAsync(certificate.SubjectId, policy, cancellationToken);
        var now = await directory.ReadAccessAsync(certificate.SubjectId, lookup.Facts?.PrincipalName ?? "", policy, cancellationToken);
        var wrong = now.Sources.Where(s => !s.Complete).Select(s => $"{s.Source} could not be read: {s.Reason}").ToList();
        if (lookup.Facts is { AccountEnabled: not false })
            wrong.Add("the account can sign in");
        var there = now.Accesses.Select(a => a.Key).ToHashSet(StringComparer.Ordinal);
        wrong.AddRange(
            certificate
                .Accesses.Where(a =>
                    a.State == AccessState.Removed
                    && there.Contains(
                        new Access
                        {
                            Kind = a.Kind,
                            Id = a.Id,
                            Name = a.Name,
                        }.Key
                    )
                )
                .Select(a => $"{a.Kind} {a.Name} is there")
        );
        return wrong;
    }

    private void Report(DateTimeOffset at, string text) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:HH:mm:ss}  {text}"));
}
