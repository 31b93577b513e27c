using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Compliance.AuditPack;
using Compliance.Credentials;
using Compliance.Ledger.Format;
using Compliance.LedgerCheck;
using Compliance.Offboarding.Intake;
using Compliance.Runs;
using Microsoft.Extensions.DependencyInjection;
using SandboxTenant.Data;
using Testing;

namespace ComplianceFunctions.Tests.Offboarding;

/// <summary>Evidence packs of the whole sandbox tenant: what an auditor is given names no person unless somebody asks for that.</summary>
public sealed class PackNamesTests(AzuriteFixture azurite) : IDisposable
{
    private const string ForeignEvent = """{"specversion":"1.0","id":"Dana Whitlock left","source":"hr","type":"hr.employee.terminated"}""";

    private static readonly string[] Naming = ["displayName", "mail", "userPrincipalName", "id", "employeeId"];

    private readonly string _folder = Directory.CreateTempSubdirectory("pack-names-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_pack_of_the_whole_tenant_with_a_leaver_names_no_person_unless_it_is_asked_to()
    {
        await using var host = await CaseHost.StartAsync(azurite, "contact: rosa.yilmaz@northwynd.example\n");
        var began = host.Clock.GetUtcNow();
        await host.CertifiedAsync(await host.TakenAsync(host.Event()));
        await host.SendAsync(Encoding.UTF8.GetBytes(ForeignEvent));
        await host.Services.GetRequiredService<LeaverWatch>().RunAsync(Stop);
        var check = RunRequest.New(CredentialRotationCheck.RunPrefix, "timer", host.Clock.GetUtcNow());
        await host.Services.GetRequiredService<CredentialRotationCheck>().RunAsync(check, Stop);
        await host.Services.GetRequiredService<LedgerKeeper>().CheckpointAsync(Stop);
        var people = People(host);
        Assert.True(people.Count > 900, $"{people.Count}");

        foreach (var framework in Framework.All)
            Assert.Equal([], (await NamedAsync(host, framework.Key, began, withNames: false, people)).Take(20));
        Assert.Contains(await NamedAsync(host, "soc2", began, withNames: true, people), n =>
            n.StartsWith("findings.csv: ", StringComparison.Ordinal)
        );
    }

    private static HashSet<string> People(CaseHost host) =>
        host
            .Sandbox.Tenant.Users.All()
            .SelectMany(user => Naming.Select(property => Json.Text(user.Json, property)))
            .OfType<string>()
            .Where(text => text.Length > 0)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    // FILE: TEXT for whatever in a pack names somebody.
    private async Task<List<string>> NamedAsync(
        CaseHost host,
        string framework,
        DateTimeOffset began,
        bool withNames,
        HashSet<string> people
    )
    {
        var file = Path.Combine(_folder, $"{framework}-{withNames}.zip");
        var tenant = host.Sandbox.TenantId;
        var state = new StoredPackState(new TableServiceClient(azurite.StateConnection), azurite.EvidenceBlobs, tenant);
        var request = new PackRequest
        {
            From = began.AddMinutes(-1),
            To = host.Clock.GetUtcNow().AddDays(1),
            Framework = Framework.All.Single(f => f.Key == framework),
            Keys = [await host.LedgerKeyAsync()],
            WithNames = withNames,
        };
        var made = await new EvidencePack(new BlobLedgerSource(azurite.EvidenceBlobs, tenant), state).MakeAsync(request, file, Stop);
        // ISO 42001 asks for controls that find nothing here.
        Assert.True(made.Findings > 10 || framework is "iso42001" or "gdpr", $"{framework}: {made.Findings} findings");
        using var zip = ZipFile.OpenRead(file);
        var named = new List<string>();
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
            var text = Readable(await reader.ReadToEndAsync(Stop));
            named.AddRange(people.Where(p => text.Contains(p, StringComparison.OrdinalIgnoreCase)).Select(p => $"{entry.FullName}: {p}"));
        }
        return named;
    }

    // Whichever way the file escapes: entities, and \u and two hex bytes.
    private static string Readable(string text) =>
        WebUtility.HtmlDecode(
            Regex.Replace(
                text,
                @"\\u([0-9a-fA-F]{4})",
                m => ((char)Convert.ToInt32(m.Groups[1].Value, 16)).ToString(),
                RegexOptions.None,
                TimeSpan.FromSeconds(30)
            )
        );
}
