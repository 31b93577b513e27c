using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Compliance.AuditPack;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>
/// The auditor's commands: they read a ledger, trust nothing in it but what the given keys signed, and change nothing. Exit codes: 0
/// intact, 1 tampered, 2 cannot decide.
/// </summary>
internal static class EvidenceCommands
{
    private const int Tampered = 1;
    private const int CannotTell = 2;
    private const int WrongUsage = 64;

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
        var place = new EvidencePlace(evidence, connection);
        Command Make(string name, string description, Func<ParseResult, CancellationToken, Task<int>> run, params Symbol[] more)
        {
            var command = AppCommands.Create(name, description, more);
            command.SetAction(
                (parsed, cancellationToken) =>
                    GuardedAsync(() => run(parsed, cancellationToken), e => place.NoAnswer(parsed, e), errors, cancellationToken)
            );
            evidence.Subcommands.Add(command);
            return command;
        }

        var kept = new Option<FileInfo?>("--checkpoint")
        {
            Description = "A checkpoint that you kept from before: the ledger has to go on from it",
            HelpName = "FILE",
        };
        Make(
            "verify",
            "Verify the whole ledger: every record, checkpoint and tile",
            async (parsed, cancellationToken) =>
            {
                var source = place.Source(parsed);
                var options = new VerifyOptions
                {
                    Keys = await place.KeysAsync(parsed, source, cancellationToken),
                    Origin = place.Origin(parsed),
                    Kept = parsed.GetValue(kept) is { } file ? await File.ReadAllBytesAsync(file.FullName, cancellationToken) : null,
                    Progress = Console.IsErrorRedirected ? null : new ProgressBar(errors),
                };
                var result = await new LedgerVerifier(source, options).VerifyAsync(cancellationToken);
                if (parsed.GetValue(json))
                    await output.WriteLineAsync(JsonSerializer.Serialize(result, ComplianceJson.Readable));
                else
                    await TellAsync(output, result);
                return ExitCode(result.Verdict);
            },
            kept
        );

        var record = new Argument<string>("RECORD") { Description = "Id of a record, or # and its place in the log; with --check a file" };
        var check = new Option<bool>("--check") { Description = "Check a proof that was written before; no ledger is read" };
        var into = new Option<FileInfo?>("--out") { Description = "Where to write the proof", HelpName = "FILE" };
        var force = OutputFile.Force();
        Make(
            "prove",
            "Prove that a signed checkpoint covers a record",
            async (parsed, cancellationToken) =>
            {
                OutputFile.Require(parsed.GetValue(into), parsed.GetValue(force));
                EvidenceProof proof;
                int? reads = null;
                if (parsed.GetValue(check))
                {
                    proof = EvidenceProof.Read(new FileInfo(parsed.GetValue(record)!));
                }
                else
                {
                    var source = place.Source(parsed);
                    (proof, reads) = await EvidenceProof.MakeAsync(
                        source,
                        await IndexAsync(source, parsed.GetValue(record)!, cancellationToken),
                        await HeadAsync(source, cancellationToken),
                        cancellationToken
                    );
                }
                var (verdict, objection) = proof.Judge(
                    await place.KeysAsync(parsed, proof.Origin(), cancellationToken),
                    place.OriginGiven(parsed)
                );
                if (objection is null && parsed.GetValue(into) is { } file)
                    await File.WriteAllTextAsync(
                        file.FullName,
                        JsonSerializer.Serialize(proof, ComplianceJson.Readable),
                        cancellationToken
                    );
                await output.WriteLineAsync(
                    parsed.GetValue(json) ? JsonSerializer.Serialize(proof, ComplianceJson.Readable) : Shown(proof, reads, objection)
                );
                return ExitCode(verdict);
            },
            record,
            check,
            into,
            force
        );

        var old = new Argument<string>("OLD") { Description = "The older checkpoint: its size, or a file" };
        var newer = new Argument<string>("NEW") { Description = "The newer checkpoint: its size, or a file" };
        Make(
            "consistency",
            "Verify that a newer checkpoint goes on from an older one",
            async (parsed, cancellationToken) =>
            {
                var source = place.Source(parsed);
                var keys = await place.KeysAsync(parsed, source, cancellationToken);
                var (a, b) = (
                    await TrustedAsync(source, keys, parsed.GetValue(old)!, cancellationToken),
                    await TrustedAsync(source, keys, parsed.GetValue(newer)!, cancellationToken)
                );
                if (a.Checkpoint is not { } first || b.Checkpoint is not { } last)
                {
                    await output.WriteLineAsync($"NOT TRUSTED  {a.Objection ?? b.Objection}");
                    return a.Forged || b.Forged ? Tampered : CannotTell;
                }
                if (place.Origin(parsed) is { } origin && first.Origin != origin)
                    throw new CliException($"the older checkpoint is of another ledger: {Plain.Text(first.Origin, 200)}, not {origin}");
                if (first.Origin != last.Origin || first.Size > last.Size)
                    throw new CliException(
                        first.Origin != last.Origin
                            ? "the two checkpoints are of different ledgers"
                            : $"the older checkpoint has {first.Size} records, the newer {last.Size}: they are the other way round"
                    );
                var proof = await MerkleProof.ConsistencyAsync(source, first.Size, last.Size, cancellationToken);
                var holds = MerkleProof.Consistency(first.Size, last.Size, first.Root, last.Root, proof);
                await output.WriteLineAsync(
                    holds
                        ? $"Consistent  the ledger of {last.Size} records begins with the {first.Size} of the older checkpoint"
                        : "NOT CONSISTENT  the ledger's tiles do not give both roots: the history was rewritten before record "
                            + $"{last.Size}, or the tiles were changed (evidence verify shows it)"
                );
                return holds ? 0 : Tampered;
            },
            old,
            newer
        );

        EvidenceShow.Add(Make, place, json, output, errors);
        PackCommand.Add(Make, place, json, output);
        Make(
            "download",
            "Copy a ledger into a folder, to verify it elsewhere",
            async (parsed, cancellationToken) =>
            {
                var (service, tenant) = place.Account(parsed);
                var folder = parsed.GetValue(Folder)!.FullName;
                OutputFile.Require(parsed.GetValue(Folder)!, parsed.GetValue(force));
                var files = await LedgerDownload.CopyAsync(service, tenant, folder, cancellationToken);
                await output.WriteLineAsync(
                    $"{files} files are in {folder}. Verify them with: compliance evidence verify --folder {folder} --key-file FILE"
                );
                return 0;
            },
            Folder,
            force
        );
        return evidence;
    }

    private static Argument<DirectoryInfo> Folder { get; } = new("DIR") { Description = "An empty or new folder" };

    // Whatever fails proves nothing about the ledger: exit code 1 is for tampering alone.
    [SuppressMessage("Design", "CA1031", Justification = "No failure may end as if the ledger were tampered with.")]
    private static async Task<int> GuardedAsync(
        Func<Task<int>> run,
        Func<Exception, string?> noAnswer,
        TextWriter errors,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await run();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await errors.WriteLineAsync("cannot tell: interrupted");
            return CannotTell;
        }
        catch (Exception e) when (e is not CliException && noAnswer(e) is { } reason)
        {
            await errors.WriteLineAsync($"cannot tell: {reason}");
            return CannotTell;
        }
        catch (PackException e)
        {
            await errors.WriteLineAsync(e.Message);
            return e.Refusal switch
            {
                PackRefusal.Usage => WrongUsage,
                PackRefusal.Tampered => Tampered,
                _ => CannotTell,
            };
        }
        catch (CliException e) when (e.IsUsage)
        {
            await errors.WriteLineAsync(OneLine.Text(e));
            return WrongUsage;
        }
        catch (Exception e)
        {
            await errors.WriteLineAsync($"cannot tell: {OneLine.Text(e)}");
            return CannotTell;
        }
    }

    private static int ExitCode(LedgerVerdict verdict) =>
        verdict switch
        {
            LedgerVerdict.Intact => 0,
            LedgerVerdict.Tampered => Tampered,
            _ => CannotTell,
        };

    private static string Shown(EvidenceProof proof, int? reads, string? objection) =>
        objection is null
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Proved      record {proof.Index} is among the {proof.Size} that the checkpoint covers ({proof.Hashes.Count} "
                    + $"hashes{(reads is { } tiles ? $" from {tiles} tiles" : "")})\n{Plain.Text(proof.Record)}"
            )
            : $"NOT PROVED  {objection}";

    private static async Task TellAsync(TextWriter output, LedgerVerification result)
    {
        var verdict = result.Verdict switch
        {
            LedgerVerdict.Intact => "Intact",
            LedgerVerdict.Tampered => "TAMPERED",
            _ when result.Problems is [{ Kind: LedgerProblemKind.ConvertedCopy }] => "NOT INTACT",
            _ => "CANNOT TELL",
        };
        await output.WriteLineAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{verdict,-11} {result.Records:N0} records, {result.Bytes:N0} bytes; {result.Covered:N0} covered by "
                    + $"{result.Checkpoints} signed checkpoints"
            )
        );
        if (result.Checkpoint is { } checkpoint)
            await output.WriteLineAsync(
                $"Checkpoint  {Plain.Text(checkpoint.Origin)} {checkpoint.Size} {Convert.ToBase64String(checkpoint.Root)}, "
                    + $"{Plain.Text(string.Join(", ", result.SignedBy))}"
            );
        foreach (var problem in result.Problems)
        {
            var wrong = problem.Says == LedgerVerdict.Tampered || problem.Kind == LedgerProblemKind.ConvertedCopy;
            await output.WriteLineAsync($"{(wrong ? "Wrong" : "Unknown"),-11} {problem.Kind}: {problem.Message}");
        }
        if (result.MoreProblems > 0)
            await output.WriteLineAsync($"            and {result.MoreProblems} more");
        foreach (var warning in result.Warnings)
            await output.WriteLineAsync($"Note        {warning}");
    }

    private static async Task<byte[]> HeadAsync(LedgerSource source, CancellationToken cancellationToken) =>
        await source.FindAsync(LedgerLayout.Head, SignedNote.MaxBytes, cancellationToken)
        ?? throw new CliException("the ledger has no checkpoint yet: the app signs one every hour");

    // By its id the log is read from the start; by its place nothing but tiles is.
    private static async Task<long> IndexAsync(LedgerSource source, string wanted, CancellationToken cancellationToken)
    {
        if (wanted.StartsWith('#') && long.TryParse(wanted.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var place))
            return place;
        var index = 0L;
        await foreach (var line in new LogReader(source, await source.LogsAsync(cancellationToken)).ReadAsync(null, 0, cancellationToken))
        {
            if (line.Kind != LogLineKind.Line)
                continue;
            if (!line.TooLong && RecordFacts.Of(line.Bytes.Span).Id == wanted)
                return index;
            index++;
        }
        throw new CliException($"there is no record {wanted} in the ledger");
    }

    private static async Task<(Checkpoint? Checkpoint, string? Objection, bool Forged)> TrustedAsync(
        LedgerSource source,
        IReadOnlyList<NoteKey> keys,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        var bytes = long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? await source.FindAsync(LedgerLayout.Checkpoint(size), SignedNote.MaxBytes, cancellationToken)
                ?? throw new CliException($"the ledger has no checkpoint of {size} records")
            : await File.ReadAllBytesAsync(wanted, cancellationToken);
        var note = SignedNote.Parse(bytes);
        return note.Verify(keys) is { Trusted: false } verdict
            ? (null, $"checkpoint {wanted}: {verdict.Reason}", verdict.Trust == NoteTrust.Refused)
            : (Checkpoint.Parse(note.Text), null, false);
    }

    /// <summary>How far it is, on one line of the terminal.</summary>
    private sealed class ProgressBar(TextWriter errors) : IProgress<VerifyProgress>
    {
        private const int Width = 30;

        private int _last = -1;

        public void Report(VerifyProgress value)
        {
            var share = value.Of == 0 ? 1 : Math.Clamp((double)value.Bytes / value.Of, 0, 1);
            var percent = (int)(share * 100);
            if (percent == _last)
                return;
            _last = percent;
            errors.Write(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"\r[{new string('#', (int)(share * Width)).PadRight(Width, '.')}] {percent,3} %  {value.Records:N0} "
                        + $"records{(percent == 100 ? "\n" : "")}"
                )
            );
        }
    }
}
