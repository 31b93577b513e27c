using System.Text;
using Compliance.Ledger.Format;
using CsCheck;

namespace Compliance.Tests.Ledger.Format;

public sealed class SignedNoteTests : IDisposable
{
    private readonly KeyFileSigner _ours = KeyFileSigner.FromPem("example.com/ours", KeyFileSigner.NewPem());
    private readonly KeyFileSigner _other = KeyFileSigner.FromPem("example.com/other", KeyFileSigner.NewPem());

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _ours.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void A_note_that_openssl_signed_is_read_verified_and_written_the_same()
    {
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(OpensslNote.Note));
        var verdict = note.Verify([NoteKey.Parse(OpensslNote.VerifierKey), _ours.Key]);
        Assert.Equal((OpensslNote.Text, NoteTrust.Trusted, ""), (note.Text, verdict.Trust, verdict.Reason));
        Assert.Equal([OpensslNote.KeyId], verdict.SignedBy.Select(k => k.Id));
        Assert.Equal(OpensslNote.Note, Encoding.UTF8.GetString(note.Format()));
    }

    [Fact]
    public async Task A_note_is_signed_by_several_keys_in_their_order()
    {
        var note = Read(await SignedNote.SignAsync("text\n", [_ours, _other], Stop));
        Assert.Equal(["example.com/ours", "example.com/other"], note.Signatures.Select(s => s.Name));
        Assert.Equal([_other.Key, _ours.Key], note.Verify([_other.Key, _ours.Key]).SignedBy.OrderBy(k => k.Name, StringComparer.Ordinal));
        Assert.Equal([_other.Key], note.Verify([_other.Key]).SignedBy);
    }

    [Fact]
    public async Task A_text_may_have_empty_lines_and_lines_like_signatures()
    {
        var text = "\n\nfirst\n\n— a b\n\n" + OpensslNote.Signature;
        var note = Read(await SignedNote.SignAsync(text, [_ours], Stop));
        Assert.Equal((text, NoteTrust.Trusted), (note.Text, note.Verify([_ours.Key]).Trust));
    }

    [Fact]
    public async Task A_note_that_no_known_key_has_signed_is_unknown_and_says_who_did()
    {
        var note = await SignedNote.SignAsync("text\n", [_other], Stop);
        var verdict = note.Verify([_ours.Key]);
        Assert.Equal((NoteTrust.Unknown, false, 0), (verdict.Trust, verdict.Trusted, verdict.SignedBy.Count));
        Assert.Contains(_other.Key.ToString(), verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(NoteTrust.Unknown, note.Verify([]).Trust);
    }

    [Fact]
    public async Task A_wrong_signature_of_a_known_key_refuses_the_note_whoever_else_signed_it()
    {
        var note = await SignedNote.SignAsync("text\n", [_ours, _other], Stop);
        var elsewhere = await SignedNote.SignAsync("other\n", [_other], Stop);
        foreach (
            var signatures in new NoteSignature[][]
            {
                [note.Signatures[0], elsewhere.Signatures[0]],
                [elsewhere.Signatures[0], note.Signatures[0]],
                [.. note.Signatures, elsewhere.Signatures[0]],
            }
        )
        {
            var forged = Read(note with { Signatures = signatures });
            var verdict = forged.Verify([_ours.Key, _other.Key]);
            Assert.Equal((NoteTrust.Refused, 0), (verdict.Trust, verdict.SignedBy.Count));
            Assert.Contains(_other.Key.ToString(), verdict.Reason, StringComparison.Ordinal);
            // To those who do not know that key it is a stranger's, of which nothing can be said.
            Assert.Equal(NoteTrust.Trusted, forged.Verify([_ours.Key]).Trust);
        }
    }

    [Fact]
    public async Task A_signature_under_a_known_keys_name_or_id_alone_is_a_strangers()
    {
        var note = await SignedNote.SignAsync("text\n", [_ours], Stop);
        var ours = note.Signatures[0];
        foreach (var stranger in new[] { ours with { Name = "example.com/other" }, ours with { KeyId = ours.KeyId + 1 } })
        {
            Assert.Equal(NoteTrust.Unknown, (Read(note with { Signatures = [stranger] })).Verify([_ours.Key]).Trust);
            Assert.Equal(NoteTrust.Trusted, (Read(note with { Signatures = [stranger, ours] })).Verify([_ours.Key]).Trust);
        }
    }

    [Fact]
    public async Task A_signature_given_twice_counts_once()
    {
        var note = await SignedNote.SignAsync("text\n", [_ours], Stop);
        Assert.Equal([_ours.Key], (note with { Signatures = [.. note.Signatures, .. note.Signatures] }).Verify([_ours.Key]).SignedBy);
    }

    [Fact]
    public async Task A_key_that_was_rotated_out_still_verifies_the_notes_of_its_time()
    {
        using var next = KeyFileSigner.FromPem(_ours.Name, KeyFileSigner.NewPem());
        var (before, after) = (await SignedNote.SignAsync("before\n", [_ours], Stop), await SignedNote.SignAsync("after\n", [next], Stop));
        NoteKey[] known = [next.Key, _ours.Key];
        Assert.Equal(
            [NoteTrust.Trusted, NoteTrust.Trusted, NoteTrust.Unknown],
            [before.Verify(known).Trust, after.Verify(known).Trust, before.Verify([next.Key]).Trust]
        );
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("text\n", 5)]
    [InlineData("text\n\n", 6)]
    [InlineData("text\n— a AAAAAAA=\n", 20)]
    [InlineData("text\n\n— a AAAAAAA=", 20)]
    [InlineData("text\n\n— a AAAAAAA=\n\n", 22)]
    [InlineData("text\n\n- a AAAAAAA=\n", 6)]
    [InlineData("text\n\n—a AAAAAAA=\n", 6)]
    [InlineData("text\n\n—  AAAAAAA=\n", 10)]
    [InlineData("text\n\n— AAAAAAA=\n", 10)]
    [InlineData("text\n\n— a+b AAAAAAA=\n", 10)]
    [InlineData("text\n\n— a\u00a0b AAAAAAA=\n", 10)]
    [InlineData("text\n\n— a\u2028b AAAAAAA=\n", 10)]
    [InlineData("text\n\n— a  AAAAAAA=\n", 12)]
    [InlineData("text\n\n— é AAAAAA==\n", 13)]
    [InlineData("text\n\n— a \n", 12)]
    [InlineData("text\n\n— a AAAAAAA\n", 12)]
    [InlineData("text\n\n— a AAAAAAB=\n", 12)]
    [InlineData("text\n\n— a AAAAAAA= \n", 12)]
    [InlineData("text\n\n— a AAAAAAA= x\n", 12)]
    [InlineData("text\r\n\n— a AAAAAAA=\n", 4)]
    [InlineData("te\u0000xt\n\n— a AAAAAAA=\n", 2)]
    [InlineData("é\t\n\n— a AAAAAAA=\n", 2)]
    public void What_is_no_note_is_refused_with_the_place(string note, int offset) =>
        Assert.Equal(offset, Assert.Throws<LedgerFormatException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(note))).Offset);

    [Theory]
    [InlineData("C328")]
    [InlineData("ED A0 80")]
    [InlineData("F8")]
    [InlineData("C0 80")]
    public void What_is_not_UTF_8_is_refused_with_the_place(string hex)
    {
        byte[] note = [.. "é"u8, .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), .. "\n\n— a AAAAAAA=\n"u8];
        Assert.Equal(2, Assert.Throws<LedgerFormatException>(() => SignedNote.Parse(note)).Offset);
    }

    [Fact]
    public void A_byte_order_mark_is_part_of_the_text() =>
        Assert.Equal("\ufefftext\n", SignedNote.Parse("\ufefftext\n\n— a AAAAAAA=\n"u8).Text);

    [Fact]
    public void A_hundred_signatures_are_read_and_one_more_is_refused()
    {
        var (text, line) = ("text\n\n", "— a AAAAAAA=\n");
        var most = text + string.Concat(Enumerable.Repeat(line, 100));
        Assert.Equal(100, SignedNote.Parse(Encoding.UTF8.GetBytes(most)).Signatures.Count);
        Assert.Equal(
            6 + 100 * 15,
            Assert.Throws<LedgerFormatException>(() => SignedNote.Parse(Encoding.UTF8.GetBytes(most + line))).Offset
        );
    }

    [Fact]
    public void A_note_of_a_million_bytes_is_read_and_one_byte_more_is_refused()
    {
        byte[] Of(int size) => [.. Enumerable.Repeat((byte)'x', size - 17), .. "\n\n— a AAAAAAA=\n"u8];
        Assert.Equal(1_000_000, Of(1_000_000).Length);
        Assert.Single(SignedNote.Parse(Of(1_000_000)).Signatures);
        Assert.Equal(1_000_000, Assert.Throws<LedgerFormatException>(() => SignedNote.Parse(Of(1_000_001))).Offset);
    }

    [Fact]
    public async Task Nothing_is_signed_that_could_not_be_read_and_the_keys_are_not_used()
    {
        var never = new Moq.Mock<INoteSigner>(Moq.MockBehavior.Strict);
        never.SetupGet(s => s.Name).Returns("a");
        never.SetupGet(s => s.KeyId).Returns(1u);
        foreach (var text in new[] { "", "text", "te\rxt\n", "half \ud800\n", new string('x', 1_000_000) + "\n" })
            await Assert.ThrowsAsync<LedgerFormatException>(() => SignedNote.SignAsync(text, [never.Object], Stop));
        await Assert.ThrowsAsync<LedgerFormatException>(() => SignedNote.SignAsync("text\n", [], Stop));
        await Assert.ThrowsAsync<LedgerFormatException>(() =>
            SignedNote.SignAsync("text\n", [.. Enumerable.Repeat(never.Object, 101)], Stop)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a AAAAAAA=\n— b")]
    public void A_signature_under_a_name_that_cannot_be_read_is_not_written(string name) =>
        Assert.Throws<LedgerFormatException>(new SignedNote("text\n", [new(name, 1, [1])]).Format);

    [Fact]
    public void A_signature_under_half_a_surrogate_pair_is_not_written() =>
        Assert.Throws<LedgerFormatException>(new SignedNote("text\n", [new("a\ud800", 1, [1])]).Format);

    [Fact]
    public void A_stranger_cannot_steer_the_terminal_or_fill_the_screen_with_a_name()
    {
        var name = "\u009b31m" + new string('x', 1_000);
        var reason = new SignedNote("text\n", [.. Enumerable.Repeat(new NoteSignature(name, 1, [1]), 50)]).Verify([]).Reason;
        Assert.DoesNotContain('\u009b', reason);
        Assert.InRange(reason.Length, 80, 400);
    }

    [Fact]
    public async Task A_changed_note_is_refused_or_unknown_or_says_the_same()
    {
        var note = await SignedNote.SignAsync(OpensslNote.Text, [_ours, _other], Stop);
        var bytes = note.Format();
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, 3])
            .Sample(
                (at, b, how) =>
                {
                    byte[] changed = how switch
                    {
                        0 => [.. bytes[..at], b, .. bytes[(at + 1)..]],
                        1 => [.. bytes[..at], b, .. bytes[at..]],
                        2 => [.. bytes[..at], .. bytes[(at + 1)..]],
                        _ => bytes[..at],
                    };
                    try
                    {
                        var read = SignedNote.Parse(changed);
                        Assert.Equal(changed, read.Format());
                        Assert.True(!read.Verify([_ours.Key, _other.Key]).Trusted || read.Text == note.Text);
                    }
                    catch (LedgerFormatException e)
                    {
                        Assert.InRange(e.Offset, 0, changed.Length);
                    }
                }
            );
    }

    [Fact]
    public void Any_bytes_are_a_note_in_its_one_spelling_or_none() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 200],
                Gen.OneOf(Gen.Const("\n\n"), Gen.Const("\n"), Gen.Const("— "), Gen.Const("a "), Gen.Const("AAAAAAA="), Gen.String[0, 3])
                    .Array[0, 12]
                    .Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)))
            )
            .Sample(bytes =>
            {
                try
                {
                    Assert.Equal(bytes, SignedNote.Parse(bytes).Format());
                }
                catch (LedgerFormatException e)
                {
                    Assert.InRange(e.Offset, 0, bytes.Length);
                }
            });

    private static SignedNote Read(SignedNote note) => SignedNote.Parse(note.Format());
}
