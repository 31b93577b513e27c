using System.CommandLine;

namespace ComplianceCli;

/// <summary>
/// The auditor's commands: they read a ledger, trust nothing in it but what the given keys signed, and change nothing. Exit codes: 0
/// intact, 1 tampered, 2 cannot decide.
/// </summary>
internal static class EvidenceCommands
{
    /// <summary>The commands.</summary>
    /// <param name="connection">The option that names the launcher's file.</param>
    /// <param name="json">The option that asks for JSON.</param>
    /// <param name="output">For what was asked for.</param>
    /// <param name="errors">For progress and what went wrong.</param>
    public static Command Create(Option<FileInfo?> connection, Option<bool> json, TextWriter output, TextWriter errors)
    {
        var evidence = new Command(
            "evidence",
            "The ledger of evidence: verify it, prove a record, show it. Works on a downloaded folder with the public key alone"
        );
        var commands = new LedgerCommands(new EvidencePlace(evidence, connection), json, output, errors);
        evidence.Subcommands.Add(new EvidenceVerify(commands).Create());
        evidence.Subcommands.Add(new EvidenceProve(commands).Create());
        evidence.Subcommands.Add(new EvidenceConsistency(commands).Create());
        evidence.Subcommands.Add(new EvidenceShow(commands).Create());
        evidence.Subcommands.Add(new EvidencePackCommand(commands).Create());
        evidence.Subcommands.Add(new EvidenceDownload(commands).Create());
        return evidence;
    }
}
