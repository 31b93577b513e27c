using System.CommandLine;
using System.Globalization;
using Azure.Data.Tables;
using Azure.Identity;
using Compliance.AuditPack;
using Compliance.Text;

namespace ComplianceCli;

/// <summary><c>compliance evidence pack</c>: the zip for an auditor.</summary>
internal sealed class EvidencePackCommand(LedgerCommands commands)
{
    private static readonly string[] TimeFormats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    private readonly Option<string> _from = new("--from")
    {
        Description = "First day, or instant, whose records are in the pack (UTC)",
        Required = true,
        HelpName = "DATE",
    };
    private readonly Option<string> _to = new("--to")
    {
        Description = "First day, or instant, after them (UTC)",
        Required = true,
        HelpName = "DATE",
    };
    private readonly Option<string> _framework = new("--framework")
    {
        Description = $"Whom it is for: {Known()}",
        Required = true,
        HelpName = "NAME",
    };
    private readonly Option<FileInfo?> _file = new("--out")
    {
        Description = "The zip; without it evidence-NAME-FROM-TO.zip here",
        HelpName = "FILE",
    };
    private readonly Option<string?> _state = new("--state")
    {
        Description =
            "Table address of the state account (Storage Table Data Reader), for findings and approvals; without it the launcher's, "
            + "or none",
        HelpName = "URL",
    };
    private readonly Option<bool> _names = new("--with-names")
    {
        Description = "Let texts name people, and put in what people wrote",
    };
    private readonly Option<bool> _force = OutputFile.Force();

    /// <summary>The command.</summary>
    public Command Create() =>
        commands.Make(
            "pack",
            "One zip for an auditor: records, proofs, findings, approvals, and how to check them",
            RunAsync,
            _from,
            _to,
            _framework,
            _file,
            _force,
            _state,
            _names
        );

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var place = commands.Place;
        var framework = Find(parsed.GetValue(_framework)!);
        var (first, end) = (Time("--from", parsed.GetValue(_from)!), Time("--to", parsed.GetValue(_to)!));
        var into = parsed.GetValue(_file) ?? new FileInfo($"evidence-{framework.Key}-{Short(first)}-{Short(end)}.zip");
        OutputFile.Require(into, parsed.GetValue(_force));
        var source = place.Source(parsed);
        var keys = await place.KeysAsync(parsed, source, cancellationToken);
        var made = await new EvidencePack(source, StateOf(parsed, place, parsed.GetValue(_state))).MakeAsync(
            new()
            {
                From = first,
                To = end,
                Framework = framework,
                Keys = keys,
                Origin = place.Origin(parsed),
                WithNames = parsed.GetValue(_names),
            },
            into.FullName,
            cancellationToken
        );
        await commands.PrintAsync(parsed, made, () => Shown(made, framework));
        return 0;
    }

    private static string Known() => string.Join(", ", Framework.All.Select(f => f.Key));

    private static Framework Find(string name) =>
        Framework.TryFind(name, out var found)
            ? found
            : throw new PackException(PackRefusal.Usage, $"no control serves a framework {Plain.Text(name, 100)}: there are {Known()}");

    private static DateTimeOffset Time(string option, string text) =>
        DateTimeOffset.TryParseExact(
            text,
            TimeFormats,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : throw new PackException(
                PackRefusal.Usage,
                $"{option} {Plain.Text(text, 100)} is no date (2026-04-01) and no instant (2026-04-01T06:00:00Z)"
            );

    private static string Short(DateTimeOffset time) =>
        time.ToString(time.TimeOfDay == TimeSpan.Zero ? "yyyyMMdd" : "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static StoredPackState? StateOf(ParseResult parsed, EvidencePlace place, string? account)
    {
        if (place.IsFolder(parsed))
            return account is null
                ? null
                : throw new PackException(PackRefusal.Usage, "--folder is a ledger on its own: --state does not go with it");
        if ((account ?? place.StateStorage(parsed)) is not { } state)
            return null;
        var (evidence, tenant) = place.Account(parsed);
        return new StoredPackState(Tables(state), evidence, tenant);
    }

    private static TableServiceClient Tables(string account)
    {
        // The token goes to this address: never in clear.
        if (Uri.TryCreate(account, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
            return new TableServiceClient(uri, new AzureCliCredential());
        try
        {
            return new TableServiceClient(account);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The parser's own text may quote the key: it is not passed on.
            throw new PackException(PackRefusal.Usage, "--state is neither an https:// address nor a connection string");
        }
    }

    private static string Shown(MadePack made, Framework framework)
    {
        var lines = new List<string>
        {
            made.File,
            $"  {made.Records} records, each proven to the checkpoint of {made.CheckpointSize} records",
            $"  SHA-256 {made.Sha256}",
            made.Findings is { } findings
                ? $"  {findings} findings"
                : "  findings, waivers and approvals are not in it: no state account was given",
        };
        if (made.WithoutEvidence.Count > 0)
            lines.Add(
                $"  no evidence in this period for {made.WithoutEvidence.Count} of {framework.Controls.Count} controls: "
                    + $"{string.Join(", ", made.WithoutEvidence)}"
            );
        lines.Add("How to check it by hand is in its VERIFY.md.");
        return string.Join(Environment.NewLine, lines);
    }
}
