using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Text;

namespace Compliance.AuditPack;

/// <summary>
/// Makes the zip that an auditor gets: the records of a time, a proof for each that leads to a signed checkpoint, what the state says of
/// the framework's controls, and how to check it all by hand. Everything is verified before the zip is put in place, and the same data
/// gives the same bytes.
/// </summary>
/// <param name="source">The log. Nothing it gives is trusted.</param>
/// <param name="state">Findings and approvals; null where only a ledger is at hand, which the pack then says.</param>
internal sealed class EvidencePack(ILedgerSource source, IPackState? state)
{
    private const int MaxShown = 5;

    // The same on every system.
    private static readonly JsonSerializerOptions Json = new(ComplianceJson.Readable) { NewLine = "\n" };

    /// <summary>Makes it.</summary>
    /// <param name="request">What of.</param>
    /// <param name="file">The path of the zip. It is put there when it is whole; what was there is replaced.</param>
    /// <param name="cancellationToken">Stops it. Nothing is left behind.</param>
    /// <exception cref="PackException">There is no pack, and why.</exception>
    public async Task<MadePack> MakeAsync(PackRequest request, string file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.From >= request.To)
            throw new PackException(
                PackRefusal.Usage,
                $"the time ends ({PackText.Time(request.To)}) before it begins ({PackText.Time(request.From)}): --to is the first "
                    + "instant after it"
            );
        if (request.Keys.Count == 0)
            throw new PackException(PackRefusal.CannotDecide, "no key was given to verify the checkpoints with");
        try
        {
            var verification = await VerifyAsync(request, cancellationToken);
            var part = file + ".part";
            await using var spool = Open(file + ".records");
            var scan = await PackScan.RunAsync(source, request.From, request.To, spool.File, cancellationToken);
            var checkpoint = await CheckpointAsync(request, verification, scan, cancellationToken);
            var facts = state is null
                ? null
                : PackFacts.From(await state.ReadAsync([.. request.Framework.Controls.Select(c => c.Id)], cancellationToken), request);
            try
            {
                await using (var output = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None))
                    await WriteAsync(new(request, verification.Origin!, scan, checkpoint, facts), spool, output, cancellationToken);
                File.Move(part, file, overwrite: true);
            }
            finally
            {
                File.Delete(part);
            }
            await using var made = File.OpenRead(file);
            return new(
                file,
                Convert.ToHexStringLower(await SHA256.HashDataAsync(made, cancellationToken)),
                scan.Records,
                checkpoint.Value.Size,
                facts?.Findings.Count,
                [.. request.Framework.Controls.Select(c => c.Id).Where(id => !scan.Controls.ContainsKey(id))]
            );
        }
        catch (Exception e) when ((SourceFailure.IsOne(e) || e is LedgerFormatException) && !cancellationToken.IsCancellationRequested)
        {
            throw new PackException(PackRefusal.CannotDecide, $"no pack was made: {Plain.Text(e.Message, 500)}", e);
        }
    }

    private static RecordSpool Open(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new PackException(PackRefusal.CannotDecide, $"there is no folder {folder} to write to");
        return new(path);
    }

    private async Task<LedgerVerification> VerifyAsync(PackRequest request, CancellationToken cancellationToken)
    {
        var verification = await new LedgerVerifier(
            source,
            new()
            {
                Keys = request.Keys,
                Origin = request.Origin,
                Progress = request.Progress,
            }
        ).VerifyAsync(cancellationToken);
        if (verification.Verdict == LedgerVerdict.Intact)
            return verification;
        // Nothing was ever checkpointed: that is no matter of trust.
        if (
            verification.Problems is [{ Kind: LedgerProblemKind.NoCheckpoint }]
            && (await source.CheckpointsAsync(cancellationToken)).Count == 0
        )
            throw new PackException(
                PackRefusal.CannotDecide,
                verification.Records == 0
                    ? "there is no record: nothing was ever logged here, or this is another place"
                    : "there is no checkpoint that covers these records yet: run a checkpoint first"
            );
        var problems = string.Join("; ", verification.Problems.Take(MaxShown).Select(p => p.Message));
        throw verification.Verdict == LedgerVerdict.Tampered
            ? new PackException(PackRefusal.Tampered, $"no pack is made of a ledger that does not verify: {problems}")
            : new PackException(PackRefusal.CannotDecide, $"no pack is made of a ledger that cannot be verified: {problems}");
    }

    // The first that exists and covers the range: signatures are random, so that a fresh one would make another pack each time.
    private async Task<PackCheckpoint> CheckpointAsync(
        PackRequest request,
        LedgerVerification verification,
        PackScan scan,
        CancellationToken cancellationToken
    )
    {
        if (scan.Records == 0)
            throw new PackException(
                PackRefusal.CannotDecide,
                $"no record was logged from {PackText.Time(request.From)} until {PackText.Time(request.To)}"
            );
        if (scan.LastIndex >= verification.Covered)
        {
            throw new PackException(
                PackRefusal.CannotDecide,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"there is no checkpoint that covers record {scan.LastIndex} yet, the last of the range (the newest covers "
                        + $"{verification.Covered} records): run a checkpoint first"
                )
            );
        }
        foreach (var size in (await source.CheckpointsAsync(cancellationToken)).Where(s => s > scan.LastIndex))
        {
            if (await source.FindAsync(LedgerLayout.Checkpoint(size), SignedNote.MaxBytes, cancellationToken) is not { } bytes)
                continue;
            var note = SignedNote.Parse(bytes);
            var value = Checkpoint.Parse(note.Text);
            var verdict = note.Verify(request.Keys);
            if (verdict.Trusted && value.Size == size && value.Origin == verification.Origin)
                return new(bytes, value, verdict.SignedBy);
            throw new PackException(
                PackRefusal.Tampered,
                $"{LedgerLayout.Checkpoint(size)} does not verify: {Plain.Text(verdict.Reason, 300)}"
            );
        }
        throw new PackException(
            PackRefusal.CannotDecide,
            "there is no numbered checkpoint that covers these records yet: run a checkpoint first"
        );
    }

    private async Task WriteAsync(PackContent content, RecordSpool spool, Stream output, CancellationToken cancellationToken)
    {
        using var zip = new PackZip(output);
        await zip.AddAsync(
            "records.jsonl",
            async to =>
            {
                await foreach (var line in spool.LinesAsync(cancellationToken))
                {
                    await to.WriteAsync(line, cancellationToken);
                    to.WriteByte((byte)'\n');
                }
            }
        );
        await zip.AddAsync("proofs.jsonl", to => ProofsAsync(content, spool, to, cancellationToken));
        await zip.AddAsync("checkpoint", content.Checkpoint.Bytes);
        foreach (var key in content.Checkpoint.Keys)
            await zip.AddAsync($"keys/{key.Id:x8}.pem", key.ToPem() + "\n");
        await zip.AddAsync("keys/verifier-keys.txt", string.Concat(content.Checkpoint.Keys.Select(k => k.Format() + "\n")));
        if (content.Facts is { } facts)
        {
            await zip.AddAsync("findings.csv", PackCsv.Findings(facts.Findings, content.Request.Framework));
            await zip.AddAsync("findings.json", JsonSerializer.Serialize(facts.Findings, Json) + "\n");
            await zip.AddAsync("waivers.csv", PackCsv.Waivers(facts.Findings));
            await zip.AddAsync("approvals.csv", PackCsv.Approvals(facts.Approvals));
        }
        var oscal = new PackOscal(content, [.. zip.Files]);
        await zip.AddAsync(PackOscal.Results, oscal.AssessmentResults());
        if (oscal.PlanOfAction() is { } plan)
            await zip.AddAsync(PackOscal.Poam, plan);
        await zip.AddAsync("index.html", PackIndex.Render(content, zip.Files));
        await zip.AddAsync("VERIFY.md", PackGuide.Render(content));
        await zip.EndAsync();
    }

    // Line by line as the records: each proof is walked to the checkpoint's root before it goes in.
    private async Task ProofsAsync(PackContent content, RecordSpool spool, Stream to, CancellationToken cancellationToken)
    {
        var (checkpoint, line) = (content.Checkpoint.Value, new ArrayBufferWriter<byte>(4096));
        var maker = new ProofMaker(source, checkpoint.Size);
        var leaf = new byte[MerkleHash.Size];
        var indexes = content.Scan.Runs.SelectMany(r => Enumerable.Sequence(r.First, r.Last, 1)).GetEnumerator();
        await foreach (var record in spool.LinesAsync(cancellationToken))
        {
            indexes.MoveNext();
            MerkleHash.Leaf(record.Span, leaf);
            var proof = await maker.ProofAsync(indexes.Current, cancellationToken);
            if (!MerkleProof.Inclusion(indexes.Current, checkpoint.Size, leaf, proof, checkpoint.Root))
            {
                throw new PackException(
                    PackRefusal.Tampered,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"record {indexes.Current} does not lead to the root of {LedgerLayout.Checkpoint(checkpoint.Size)}: the log was "
                            + $"changed while the pack was made"
                    )
                );
            }
            line.ResetWrittenCount();
            Proof(line, indexes.Current, RecordFacts.Parse(record.Span).RawId, leaf, proof);
            await to.WriteAsync(line.WrittenMemory, cancellationToken);
        }
    }

    private static void Proof(ArrayBufferWriter<byte> line, long index, ReadOnlySpan<byte> id, byte[] leaf, IReadOnlyList<byte[]> proof)
    {
        Span<byte> hex = stackalloc byte[2 * MerkleHash.Size];
        line.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"index\":{index},\"id\":\"")));
        // As it stands in the record, escapes and all.
        line.Write(id);
        line.Write("\",\"leafHash\":\""u8);
        Convert.TryToHexStringLower(leaf, hex, out _);
        line.Write(hex);
        line.Write("\",\"hashes\":["u8);
        for (var i = 0; i < proof.Count; i++)
        {
            line.Write(i == 0 ? "\""u8 : ",\""u8);
            Convert.TryToHexStringLower(proof[i], hex, out _);
            line.Write(hex);
            line.Write("\""u8);
        }
        line.Write("]}\n"u8);
    }
}

/// <summary>The checkpoint of a pack, verified.</summary>
/// <param name="Bytes">The note as it is kept.</param>
/// <param name="Value">What it says.</param>
/// <param name="Keys">The trusted keys that signed it.</param>
internal sealed record PackCheckpoint(byte[] Bytes, Checkpoint Value, IReadOnlyList<NoteKey> Keys);

/// <summary>All that a pack shows.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Origin">The log's name.</param>
/// <param name="Scan">The records.</param>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Facts">Findings and approvals; null when no state was at hand.</param>
internal sealed record PackContent(PackRequest Request, string Origin, PackScan Scan, PackCheckpoint Checkpoint, PackFacts? Facts);
