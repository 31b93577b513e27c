using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Compliance.Evidence.Ledger;
using Compliance.Evidence.Verify;
using Compliance.Findings;

namespace ComplianceCli;

/// <summary>
/// The auditor's commands: <c>compliance evidence verify|prove|consistency|show</c>. Exit codes: 0 intact (or: proven, shown), 1 tampered, 2 nothing can be told, 64 wrong usage.
/// They need no app: a downloaded folder and the public key are enough.
/// </summary>
internal static class EvidenceCommands
{
    private const int CannotTell = 2;

    /// <summary>The commands.</summary>
    /// <param name="connection">The option that names the connection file.</param>
    /// <param name="json">The option that asks for JSON.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="errors">Where everything else goes.</param>
    public static Command Make(Option<FileInfo?> connection, Option<bool> json, TextWriter output, TextWriter errors)
    {
        var options = new Shared(connection, json, output, errors);
        return new Command("evidence", "The evidence ledger: verify it, prove single records, read it. Works offline on a downloaded folder with only the public key")
        {
            Verify(options), Prove(options), Consistency(options), Show(options),
        };
    }

    private static Command Verify(Shared shared)
    {
        var kept = new Option<FileInfo?>("--checkpoint") { Description = "A checkpoint you kept from an earlier time: the log has to go on from it", HelpName = "FILE" };
        var quick = new Option<bool>("--quick") { Description = "Leave the tiles and bundles alone that proofs are read from; for downloads without them" };
        return shared.Command("verify", "Verify the whole log: every record, checkpoint and tile", [kept, quick], needsKeys: true, async (parsed, access, keys, stop) =>
        {
            var note = parsed.GetValue(kept) is { } file ? await EvidenceAccess.ReadAsync(file.FullName, SignedNote.MaxBytes, stop) : null;
            // A bar is for people who look on: nothing of it may get into a file or a pipe.
            var bar = ReferenceEquals(shared.Errors, Console.Error) && !Console.IsErrorRedirected ? new EvidenceProgress(shared.Errors, TimeProvider.System) : null;
            var result = await new LedgerVerifier(access.Source, new() { Keys = keys, Kept = note, Origin = access.Origin, Tiles = !parsed.GetValue(quick), Progress = bar }).VerifyAsync(stop);
            bar?.Clear();
            if (shared.IsJson(parsed))
                shared.Json(result);
            else
                Print(shared.Output, result);
            return ExitCode(result.Verdict);
        });
    }

    private static Command Prove(Shared shared)
    {
        var record = new Argument<string?>("RECORD") { Description = "Id of a record, or its number (from 0)", Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<FileInfo?>("--out") { Description = "Where to write the proof; without it the proof is printed", HelpName = "FILE" };
        var check = new Option<FileInfo?>("--check") { Description = "Check a proof that somebody gave you; needs the public key alone", HelpName = "FILE" };
        var command = shared.Command("prove", "Prove that one record is in the log, in a file that stands on its own", [record, to, check], needsKeys: true, async (parsed, access, keys, stop) =>
        {
            var wanted = parsed.GetValue(record)!;
            var prover = new LedgerProver(access.Source, keys, access.Origin);
            var result = long.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? await prover.RecordAsync(index, stop) : await prover.RecordAsync(wanted, stop);
            var told = string.Create(CultureInfo.InvariantCulture, $"{result.Message} ({result.TileReads} tiles read)");
            if (result.Proof is not { } proof)
            {
                await shared.Errors.WriteLineAsync(told);
                return ExitCode(result.Verdict);
            }
            if (parsed.GetValue(to) is { } file)
                await File.WriteAllBytesAsync(file.FullName, proof.ToBytes(), stop);
            else
                await shared.Output.WriteLineAsync(Encoding.UTF8.GetString(proof.ToBytes()));
            await shared.Errors.WriteLineAsync(told);
            return 0;
        }, offline: async (parsed, stop) =>
        {
            if (parsed.GetValue(check) is not { } file)
                return null;
            var bytes = await EvidenceAccess.ReadAsync(file.FullName, RecordProof.MostBytes, stop);
            RecordProof proof;
            try
            {
                proof = RecordProof.Parse(bytes);
            }
            catch (LedgerFormatException e)
            {
                throw new CliException($"{file.FullName}: {Plain.Text(e.Message, 300)}", e);
            }
            var keys = await new EvidenceAccess(new NoteSource(Encoding.UTF8.GetBytes(proof.Checkpoint)), null).KeysAsync(shared.KeyFiles(parsed), shared.ConnectionFile(parsed), stop);
            var (verdict, message) = proof.Check(keys, shared.TenantOrigin(parsed));
            if (shared.IsJson(parsed))
                shared.Json(new { verdict, message, proof.Index, proof.Size, record = Encoding.UTF8.GetString(proof.Record) });
            else
                await shared.Output.WriteLineAsync($"{Name(verdict)}: {message}\n{Plain.Text(proof.Record)}");
            return ExitCode(verdict);
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(record) is null == (result.GetValue(check) is null))
                result.AddError("Give either a RECORD to prove or --check FILE.");
        });
        return command;
    }

    private static Command Consistency(Shared shared)
    {
        var older = new Argument<string>("OLD") { Description = "The older checkpoint: its size, or a file" };
        var newer = new Argument<string>("NEW") { Description = "The newer checkpoint: its size, or a file" };
        return shared.Command("consistency", "Prove that a checkpoint goes on from an older one", [older, newer], needsKeys: true, async (parsed, access, keys, stop) =>
        {
            var prover = new LedgerProver(access.Source, keys, access.Origin);
            var result = await prover.ConsistencyAsync(await NoteAsync(prover, parsed.GetValue(older)!, stop), await NoteAsync(prover, parsed.GetValue(newer)!, stop), stop);
            if (shared.IsJson(parsed))
                shared.Json(result);
            else
                await shared.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Name(result.Verdict)}: {result.Message} ({result.TileReads} tiles read)"));
            return ExitCode(result.Verdict);
        });
    }

    private static Command Show(Shared shared)
    {
        var from = new Option<DateTimeOffset?>("--from") { Description = "What happened from then on (UTC)", HelpName = "TIME", CustomParser = r => Time(r, endOfDay: false) };
        var to = new Option<DateTimeOffset?>("--to") { Description = "What happened before then (UTC); a day alone counts whole", HelpName = "TIME", CustomParser = r => Time(r, endOfDay: true) };
        var action = Text("--action", "What was done: the begin of its name");
        var subject = Text("--subject", "What or whom it was about");
        var actor = Text("--actor", "Who did it");
        var plan = Text("--plan", "Id of the plan");
        var outcome = Text("--outcome", "How it ended");
        var id = Text("--id", "Id of the record");
        var limit = new Option<long?>("--limit") { Description = "So many records at most", HelpName = "N", CustomParser = Count };
        return shared.Command("show", "Show records; with --json as they stand in the log, one a line. Nothing is verified", [from, to, action, subject, actor, plan, outcome, id, limit], needsKeys: false,
            async (parsed, access, _, stop) =>
            {
                var filter = new RecordFilter
                {
                    From = parsed.GetValue(from),
                    Until = parsed.GetValue(to),
                    Action = parsed.GetValue(action),
                    Subject = parsed.GetValue(subject),
                    Actor = parsed.GetValue(actor),
                    Plan = parsed.GetValue(plan),
                    Outcome = parsed.GetValue(outcome),
                    Id = parsed.GetValue(id),
                };
                var left = parsed.GetValue(limit) ?? long.MaxValue;
                await foreach (var shown in ShownRecord.ReadAsync(access.Source, filter, stop))
                {
                    if (!shared.IsJson(parsed))
                        await shared.Output.WriteLineAsync(shown.Text);
                    else if (shown.Json is { } line)
                        await shared.Output.WriteAsync(line + '\n');
                    else
                        await shared.Errors.WriteLineAsync(shown.Text);
                    if (--left == 0)
                        break;
                }
                return 0;
            });
    }

    private static Option<string?> Text(string name, string description) => new(name) { Description = description, HelpName = "TEXT" };

    private static DateTimeOffset? Time(ArgumentResult result, bool endOfDay)
    {
        var text = result.Tokens[0].Value;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue)
            return new DateTimeOffset(day.AddDays(endOfDay ? 1 : 0), TimeOnly.MinValue, TimeSpan.Zero);
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return time;
        result.AddError($"'{Plain.Text(text, 40)}' is no time: write 2026-11-23 or 2026-11-23T06:00:00Z.");
        return null;
    }

    private static long? Count(ArgumentResult result)
    {
        if (long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
            return count;
        result.AddError("--limit is a number from 1.");
        return null;
    }

    private static async Task<byte[]> NoteAsync(LedgerProver prover, string sizeOrFile, CancellationToken stop)
    {
        if (!long.TryParse(sizeOrFile, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            return await EvidenceAccess.ReadAsync(sizeOrFile, SignedNote.MaxBytes, stop);
        try
        {
            return await prover.CheckpointAsync(size, stop) ?? throw new CliException($"the log has no checkpoint of {size} records");
        }
        catch (LedgerFormatException e)
        {
            throw new CliException(e.Message, e);
        }
    }

    private static void Print(TextWriter output, LedgerVerification result)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Name(result.Verdict)}: {(result.Origin is { } origin ? $"{Plain.Text(origin, 200)}, " : "")}{result.Records} records, {result.Covered} covered by {result.Checkpoints} checkpoints{(result.SignedBy.Count > 0 ? $", signed by {string.Join(", ", result.SignedBy)}" : "")}"));
        foreach (var problem in result.Problems)
            output.WriteLine($"  {problem.Kind}: {problem.Message}");
        if (result.MoreProblems > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  and {result.MoreProblems} more"));
        foreach (var warning in result.Warnings)
            output.WriteLine($"  note: {warning}");
        if (result.UnknownVersions > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  note: {result.UnknownVersions} records are of a version that is unknown here; they are hashed like all others"));
    }

    private static string Name(LedgerVerdict verdict) => verdict switch
    {
        LedgerVerdict.Intact => "INTACT",
        LedgerVerdict.Tampered => "TAMPERED",
        _ => "CANNOT TELL",
    };

    private static int ExitCode(LedgerVerdict verdict) => verdict switch
    {
        LedgerVerdict.Intact => 0,
        LedgerVerdict.Tampered => 1,
        _ => CannotTell,
    };

    // What all of them have in common.
    private sealed class Shared(Option<FileInfo?> connection, Option<bool> json, TextWriter output, TextWriter errors)
    {
        private readonly Option<DirectoryInfo?> _folder = new("--folder") { Description = "A folder with a download of the ledger", HelpName = "DIR" };
        private readonly Option<Uri?> _account = new("--account") { Description = "Address of the evidence account's blobs; you are who you are in 'az login'", HelpName = "URI", CustomParser = Address };
        private readonly Option<string?> _tenant = new("--tenant") { Description = "Which tenant's log", HelpName = "ID" };
        private readonly Option<FileInfo[]> _key = new("--key") { Description = $"A public key, PEM or verifier keys one a line; may be given several times. Without it {EvidenceAccess.KeyFileName} beside the connection file", HelpName = "FILE" };

        public TextWriter Output => output;

        public TextWriter Errors => errors;

        public Command Command(string name, string description, IEnumerable<Symbol> more, bool needsKeys, Func<ParseResult, EvidenceAccess, IReadOnlyList<NoteKey>, CancellationToken, Task<int>> run,
            Func<ParseResult, CancellationToken, Task<int?>>? offline = null)
        {
            var command = new Command(name, description);
            foreach (var symbol in more.Concat(needsKeys ? [_folder, _account, _tenant, _key] : (Symbol[])[_folder, _account, _tenant]))
            {
                if (symbol is Option option)
                    command.Options.Add(option);
                else
                    command.Arguments.Add((Argument)symbol);
            }
            command.Validators.Add(result =>
            {
                if (result.GetValue(_folder) is not null && result.GetValue(_account) is not null)
                    result.AddError("Give --folder or --account, not both.");
                if (needsKeys && result.GetValue(_key) is not { Length: > 0 } && !File.Exists(EvidenceAccess.DefaultKeys(result.GetValue(connection))))
                    result.AddError($"--key FILE is needed: the log's public key, from a source you trust (there is no {EvidenceAccess.DefaultKeys(result.GetValue(connection))}).");
            });
            command.SetAction(async (parsed, stop) =>
            {
                try
                {
                    if (offline is not null && await offline(parsed, stop) is { } done)
                        return done;
                    var access = await EvidenceAccess.FindAsync(parsed.GetValue(_folder), parsed.GetValue(_account), parsed.GetValue(_tenant), ConnectionFile(parsed), stop);
                    return await run(parsed, access, needsKeys ? await access.KeysAsync(KeyFiles(parsed), ConnectionFile(parsed), stop) : [], stop);
                }
                // 1 would say that the log was tampered with.
                catch (Exception e) when (e is CliException || (SourceFailure.IsOne(e) && !stop.IsCancellationRequested))
                {
                    await errors.WriteLineAsync(Plain.Text(e.Message, 1000));
                    return CannotTell;
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    await errors.WriteLineAsync("interrupted");
                    return CannotTell;
                }
            });
            return command;
        }

        public bool IsJson(ParseResult parsed) => parsed.GetValue(json);

        public FileInfo? ConnectionFile(ParseResult parsed) => parsed.GetValue(connection);

        public FileInfo[] KeyFiles(ParseResult parsed) => parsed.GetValue(_key) ?? [];

        public string? TenantOrigin(ParseResult parsed) => parsed.GetValue(_tenant) is { } tenant ? $"compliancefunctions/{tenant}" : null;

        public void Json(object value) => output.WriteLine(JsonSerializer.Serialize(value, ComplianceJson.Readable));

        private static Uri? Address(ArgumentResult result)
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps)
                return address;
            result.AddError("--account is an address such as https://NAME.blob.core.windows.net.");
            return null;
        }
    }

    // The checkpoint of a proof, as a log that has nothing else.
    private sealed class NoteSource(byte[] note) : LedgerSource
    {
        public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken stop) => Task.FromResult<IReadOnlyList<LedgerFile>>([]);

        public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken stop) => Task.FromResult<IReadOnlyList<long>>([]);

        public override Task<Stream> OpenAsync(string path, long offset, CancellationToken stop) =>
            path == LedgerLayout.Head && offset == 0 ? Task.FromResult<Stream>(new MemoryStream(note, writable: false)) : throw new FileNotFoundException($"there is no {path}", path);
    }
}
