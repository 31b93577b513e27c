using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Identity;
using Compliance.Credentials;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace ComplianceCli.Azure;

/// <summary>
/// Whether a deployment works: Azure registered every function, and one event goes through queue, app, tenant and ledger. The event is
/// about the key that signs the ledger, which the app reads again: seconds of work. No timer is fired by hand.
/// </summary>
/// <param name="calls">Asks Resource Manager.</param>
/// <param name="environment">azd's values.</param>
/// <param name="outside">Opens storage, as the Azure CLI's user.</param>
/// <param name="time">Drives waits.</param>
/// <param name="progress">Gets a line for each wait for a role.</param>
internal sealed class Smoke(AzureCalls calls, AzdEnvironment environment, AzureOutside outside, TimeProvider time, TextWriter progress)
{
    private const int MaxPolls = 20;
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(15);

    /// <summary>The steps, in their order.</summary>
    /// <param name="package">A folder with the package, or its functions.metadata; null for what <c>dotnet publish</c> left.</param>
    public IReadOnlyList<AzureStep> Steps(string? package) =>
        [
            AzureStep.Check(
                "Check that Azure registered every function of the package",
                cancellationToken => RegisteredAsync(package, cancellationToken)
            ),
            new(
                $"Send one event through queue {VaultObjectEvent.Queue} and read its record in the ledger",
                "none: the record stays, as every record of the ledger does",
                _ => Task.FromResult(false),
                SendAsync
            ),
        ];

    private async Task RegisteredAsync(string? package, CancellationToken cancellationToken)
    {
        var expected = Expected(package);
        var group = environment.NeedResource("AZURE_RESOURCE_GROUP", "azd provision makes it");
        var app = environment.NeedResource("COMPLIANCE_APP_NAME", "azd provision makes it");
        var path =
            $"/subscriptions/{environment.SubscriptionId}/resourceGroups/{group}/providers/Microsoft.Web/sites/{app}/functions"
            + "?api-version=2025-03-01";
        for (var poll = 1; ; poll++)
        {
            var listed = await calls.ListAsync(
                new(AzureRequest.ResourceManager, "GET", path, "reading the functions of the app") { Needs = "Reader at the app" },
                cancellationToken
            );
            // {"name":"func-…/ControlWatch"}
            var names = listed.Select(f => f.GetProperty("name").GetString()!.Split('/')[^1]).ToHashSet(StringComparer.Ordinal);
            if (names.SetEquals(expected))
                return;
            if (poll == MaxPolls)
                throw new CliException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Azure registered {names.Count} functions, the package has {expected.Count}: {Difference(expected, names)}. The "
                            + $"log stream of {app} has the reason"
                    )
                );
            await Task.Delay(BetweenPolls, time, cancellationToken);
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        var vault = environment.NeedResource("EVIDENCE_VAULT_NAME", "compliance azure preprovision makes it");
        var key = environment.NeedResource("EVIDENCE_KEY_NAME", "compliance azure preprovision makes it");
        var state = environment.NeedResource("COMPLIANCE_STATE_ACCOUNT", "azd provision makes it");
        var account = environment.NeedResource("EVIDENCE_ACCOUNT_NAME", "compliance azure preprovision makes it");
        var tenant = environment.NeedId("AZURE_TENANT_ID", "azd provision makes it");
        var id = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var text = Event(id, vault, key).ToJsonString();
        var run = VaultObjectEvent.Read(text, out _)!.RunId;
        var ledger = new BlobLedgerSource(outside.Blobs(new Uri($"https://{account}.blob.core.windows.net")), tenant);
        var before = await ReachedAsync(
            async () => await ledger.LogsAsync(cancellationToken) is [.., var last] ? last.Path : null,
            $"reading the ledger in {account}",
            "Storage Blob Data Reader",
            cancellationToken
        );
        var queue = outside.Queues(new Uri($"https://{state}.queue.core.windows.net")).GetQueueClient(VaultObjectEvent.Queue);
        await ReachedAsync(
            async () => await queue.SendMessageAsync(text, cancellationToken),
            $"sending an event to queue {VaultObjectEvent.Queue} of {state}",
            "Storage Queue Data Message Sender",
            cancellationToken
        );
        for (var poll = 1; ; poll++)
        {
            if (await OutcomeAsync(ledger, before, run, cancellationToken) is { } outcome)
            {
                if (outcome == "complete")
                    return;
                throw new CliException(
                    $"the app took the event, and its record {run} is {Plain.Text(outcome, 40)}: it could not read key {key} of {vault}. "
                        + "Are its roles assigned?"
                );
            }
            if (poll == MaxPolls)
                throw new CliException(
                    $"the event left no record {run} in the ledger within five minutes: see the log stream of the app, and queue "
                        + $"{VaultObjectEvent.Queue}-poison"
                );
            await Task.Delay(BetweenPolls, time, cancellationToken);
        }
    }

    // From the blob that was the last one before: the record is in it or in a later one.
    private static async Task<string?> OutcomeAsync(
        BlobLedgerSource ledger,
        string? from,
        string run,
        CancellationToken cancellationToken
    )
    {
        var files = await ledger.LogsAsync(cancellationToken);
        if (files.Count == 0)
            return null;
        await foreach (var line in new LogReader(ledger, files).ReadAsync(from, 0, cancellationToken))
            if (line.Kind == LogLineKind.Line && OutcomeOf(line.Bytes.Span, run) is { } outcome)
                return outcome;
        return null;
    }

    private static string? OutcomeOf(ReadOnlySpan<byte> line, string run)
    {
        var facts = RecordFacts.Parse(line);
        return facts.Form == LineForm.Record && facts.Known && facts.Id!.StartsWith($"{run}/", StringComparison.Ordinal)
            ? RecordFacts.TextOf(line, "outcome"u8) ?? ""
            : null;
    }

    private async Task<T> ReachedAsync<T>(Func<Task<T>> ask, string what, string role, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            RequestFailedException refused;
            try
            {
                return await ask();
            }
            catch (AuthenticationFailedException e)
            {
                throw new CliException($"{what}: no sign-in: az login", e);
            }
            catch (Exception e) when (Refusal(e) is { } found)
            {
                refused = found;
            }
            if (refused.Status != 403 || attempt == AzureCalls.Waits.Count)
                throw new CliException($"{what}: {refused.Status} {refused.ErrorCode}. It takes {role} for your own account", refused);
            await progress.WriteLineAsync($"{what}: 403; trying again in {AzureCalls.Waits[attempt].TotalSeconds:0} s");
            await Task.Delay(AzureCalls.Waits[attempt], time, cancellationToken);
        }
    }

    private static RequestFailedException? Refusal(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            if (e is RequestFailedException refused)
                return refused;
        return null;
    }

    private static JsonObject Event(string id, string vault, string key) =>
        new()
        {
            ["specversion"] = "1.0",
            ["id"] = id,
            ["source"] = "/compliance/azure/postdeploy",
            ["type"] = "Microsoft.KeyVault.KeyNewVersionCreated",
            ["data"] = new JsonObject
            {
                ["VaultName"] = vault,
                ["ObjectType"] = "Key",
                ["ObjectName"] = key,
            },
        };

    /// <summary>Where a publish of the app leaves its list of functions, from the checkout's root.</summary>
    public static string Published { get; } = Path.Combine("src", "ComplianceFunctions", "obj", "Release", "net10.0", "linux-x64");

    private HashSet<string> Expected(string? package)
    {
        var file = package ?? Path.Combine(outside.Folder, Published);
        if (Directory.Exists(file))
            file = Path.Combine(file, "functions.metadata");
        try
        {
            using var metadata = JsonDocument.Parse(File.ReadAllBytes(file));
            return [.. metadata.RootElement.EnumerateArray().Select(f => f.GetProperty("name").GetString()!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                $"{file} cannot be read: dotnet publish src/ComplianceFunctions -c Release makes it, or --package names a package",
                e
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CliException($"{file} is no list of functions", e);
        }
    }

    private static string Difference(HashSet<string> expected, HashSet<string> found)
    {
        var missing = expected.Except(found).Order(StringComparer.Ordinal).ToList();
        var extra = found.Except(expected).Order(StringComparer.Ordinal).ToList();
        return Plain.Text(
            missing.Count > 0 ? $"missing are {string.Join(", ", missing)}" : $"not of the package are {string.Join(", ", extra)}",
            400
        );
    }
}
