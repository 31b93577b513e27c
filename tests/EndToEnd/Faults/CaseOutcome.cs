using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Certificates;
using Compliance.Text;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace EndToEnd.Faults;

/// <summary>
/// How a case ended, without times and what is derived from them: whatever happened on the way, it must be the same as of a case to which
/// nothing happened.
/// </summary>
/// <param name="Evidence">Ids of the ledger's records, each with its action, outcome and how many steps it tells of.</param>
/// <param name="Certificate">What is certified.</param>
/// <param name="Findings">The findings, each with its status.</param>
/// <param name="Changes">What differs in the directory from before the case.</param>
/// <param name="Effects">What was done to the tenant.</param>
internal sealed partial record CaseOutcome(string Evidence, string Certificate, string Findings, string Changes, Effects Effects)
{
    private const string Leaver = DemoLeaver.LeaverId;

    /// <summary>Reads all there is about a case that has ended, and checks what must hold for each by itself.</summary>
    public static async Task<CaseOutcome> OfAsync(LeaverRun run, LeaverCase known)
    {
        var ledger = await run.LedgerAsync();
        var ids = ledger.Select(r => Text(r, "id")).ToList();
        Assert.Equal(ids.Distinct(StringComparer.Ordinal), ids);

        Assert.Equal((LeaverStage.Clear, Leaver), (known.Stage, known.UserId));
        var bytes = await run.DocumentAsync(known.Id, "certificate.json");
        var issued = Assert.Single(ledger, r => Text(r, "action") == "offboarding.certificate");
        var people = await run.PeopleAsync();
        var person = Assert.Single(people, p => p.Id == known.Id);
        Assert.Equal(
            (person.Digest(Sha256(bytes)), Sha256(bytes)),
            (Text(issued["detailsSha256"]!, "certificate.json"), known.CertificateSha256)
        );
        var certificate = JsonSerializer.Deserialize<RevocationCertificate>(bytes, ComplianceJson.Compact)!;
        certificate = certificate with
        {
            EvidenceRecordIds =
            [
                .. certificate.EvidenceRecordIds.Select(id => id.Replace(person.Name, person.Id, StringComparison.Ordinal)),
            ],
        };
        Assert.Equal("clear", certificate.State);
        Assert.Equal(
            ids.Where(id => id.StartsWith($"{known.Id}-{known.Round}-", StringComparison.Ordinal) && id != Text(issued, "id"))
                .Order(StringComparer.Ordinal),
            certificate.EvidenceRecordIds.Order(StringComparer.Ordinal)
        );

        // A record that names a document names it as it is, and a record of acts tells of every step of its plan.
        foreach (var record in ledger.Where(r => Text(r, "subject") == known.Id))
        {
            if (Text(record, "action") == "offboarding.snapshot")
                Assert.Equal(
                    person.Digest(Sha256(await run.DocumentAsync(known.Id, "snapshot.json"))),
                    Text(record["detailsSha256"]!, "snapshot.json")
                );
            if (Text(record, "action") is not (Compliance.Offboarding.Actions.Steps.Block or Compliance.Offboarding.Actions.Steps.Remove))
                continue;
            var plan = JsonSerializer.Deserialize<ActionPlan>(
                await run.DocumentAsync(known.Id, $"plan-{Text(record, "planId")}.json"),
                ComplianceJson.Compact
            )!;
            Assert.True(
                plan.Steps.Count == Total(record),
                $"{Text(record, "id")} tells of {Total(record)} steps, its plan has {plan.Steps.Count}: {record["counts"]}"
            );
            if (plan.Kind == Compliance.Offboarding.Actions.Steps.Remove)
                Assert.Equal(
                    person.Digest(
                        Sha256(
                            await run.DocumentAsync(
                                known.Id,
                                $"outcomes-{Text(record, "id")["leaver-".Length..].Split("-remove-")[1]}.json"
                            )
                        )
                    ),
                    Text(record["detailsSha256"]!, "outcomes.json")
                );
        }

        Gone(run.Sandbox.Tenant);
        Assert.DoesNotContain(
            run.Sandbox.Requests,
            r => r.Method != "GET" && Others(run).Any(other => r.Path.Contains(other, StringComparison.OrdinalIgnoreCase))
        );
        return new(
            string.Join(
                '\n',
                ledger
                    .Select(r =>
                        Masked($"{Text(r, "id")} {Text(r, "action")} {Text(r, "outcome")} {(r["planId"] is null ? "" : Total(r))}")
                    )
                    .Order(StringComparer.Ordinal)
            ),
            Masked(
                JsonSerializer.Serialize(
                    certificate with
                    {
                        EvidenceRecordIds = [.. certificate.EvidenceRecordIds.Order(StringComparer.Ordinal)],
                    },
                    ComplianceJson.Readable
                )
            ),
            string.Join('\n', await FindingsAsync(run)),
            string.Join('\n', Changed(run)),
            new Effects(run.Sandbox.Requests)
        );
    }

    /// <summary>Fails where this case ended in another way, one part after the other so that the failure shows where.</summary>
    public void AssertLike(CaseOutcome expected)
    {
        Assert.Equal(expected.Changes, Changes);
        Assert.Equal(expected.Evidence, Evidence);
        Assert.Equal(expected.Certificate, Certificate);
        Assert.Equal(expected.Findings, Findings);
        Effects.AssertLike(expected.Effects);
    }

    // The leaver can sign in no more and has nothing left of what can be taken away.
    private static void Gone(TenantData tenant)
    {
        Assert.False(Json.Object(tenant.Users.Find(Leaver)!.Json)["accountEnabled"]!.GetValue<bool>());
        Assert.Equal(
            ["ad-fileserver-users", "all-of-data", "data-news"],
            tenant.GroupsOf(Leaver).Select(g => Json.Text(tenant.Groups.Find(g)!.Json, "displayName")!).Order(StringComparer.Ordinal)
        );
        Assert.Empty(
            new[]
            {
                tenant.AppRoleAssignments,
                tenant.PermissionGrants,
                tenant.DirectoryRoleAssignments,
                tenant.DirectoryRoleEligibilities,
                tenant.RoleAssignments,
                tenant.RoleEligibilities,
            }.SelectMany(set => set.By("principalId", Leaver))
        );
        Assert.Empty(
            new[] { tenant.ApplicationOwners, tenant.ServicePrincipalOwners, tenant.GroupOwners }.SelectMany(owners =>
                owners.ParentsOf(Leaver)
            )
        );
        Assert.DoesNotContain(
            tenant.Resources.All(),
            r => Encoding.UTF8.GetString(r.Json).Contains(Leaver, StringComparison.OrdinalIgnoreCase)
        );
    }

    /// <summary>Everybody but the leaver and who inherit.</summary>
    private static IEnumerable<string> Others(LeaverRun run) =>
        run.Before.Users.All().Select(u => u.Id).Where(id => id != Leaver && !run.NewOwners.Contains(id));

    private static IEnumerable<string> Changed(LeaverRun run)
    {
        var (before, after) = (Rows(run.Before), Rows(run.Sandbox.Tenant));
        var devices = run
            .Before.RegisteredDevices.Of(Leaver)
            .All()
            .Select(d => $"devices/{d.Id}")
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var key in before.Keys.Union(after.Keys).Order(StringComparer.OrdinalIgnoreCase))
        {
            var (old, now) = (before.GetValueOrDefault(key), after.GetValueOrDefault(key));
            if (old == now)
                continue;
            var row = $"{key}: {old} -> {now}";
            Assert.True(
                row.Contains(Leaver, StringComparison.OrdinalIgnoreCase)
                    || row.Contains("dana.whitlock@", StringComparison.OrdinalIgnoreCase)
                    || devices.Contains(key)
                    || (
                        old is null
                        && run.NewOwners.Any(newOwner => key.EndsWith($"/owners/{newOwner}", StringComparison.OrdinalIgnoreCase))
                    ),
                $"somebody else's: {row}"
            );
            yield return Masked(row);
        }
    }

    private static Dictionary<string, string> Rows(TenantData tenant)
    {
        var rows = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var set in tenant.Sets)
            foreach (var entity in set.All())
                rows[$"{set.Name}/{entity.Id}"] = Encoding.UTF8.GetString(entity.Json);
        foreach (var (parent, leaf, relation) in tenant.Relations)
            foreach (var (id, related) in relation.All())
                foreach (var entity in related.All())
                    rows[$"{parent}/{id}/{leaf}/{entity.Id}"] = Encoding.UTF8.GetString(entity.Json);
        return rows;
    }

    private static async Task<List<string>> FindingsAsync(LeaverRun run)
    {
        var found = new List<string>();
        await foreach (
            var row in new TableClient(run.Wire.Azurite!.StateConnection, TableFindingStore.Table).QueryAsync<TableEntity>(
                cancellationToken: LeaverRun.Stop
            )
        )
            found.Add($"{row.RowKey} {row.GetString(FindingRow.Status)}");
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private static long Total(JsonObject record) => record["counts"]!.AsObject().Sum(c => c.Value!.GetValue<long>());

    private static string Text(JsonNode json, string name) => json[name]?.GetValue<string>() ?? "";

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    // Times, durations, ids that times went into, and the port.
    private static string Masked(string text) => Times().Replace(text, "~");

    [GeneratedRegex(
        """[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|(\+|\\u002B)00:00)| [0-9]{2}:[0-9]{2} UTC)|(?<=\.localhost:)[0-9]+"""
            + """|(?<=-certificate-)[0-9a-f]{12}|(?<=-answer-[0-9a-f-]{36}-)[0-9]+|(?<="secondsTo(Blocked|Clear)": )[0-9]+"""
    )]
    private static partial Regex Times();
}
