using Compliance.Ledger.Format;
using CsCheck;

namespace Compliance.Tests.Ledger.Format;

public sealed class CheckpointTests
{
    private const string Root = "rra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=";

    private static readonly Gen<string> Lines = Gen.String[Gen.Char["ab é—.+/ 0"], 1, 12];

    private static readonly Gen<Checkpoint> Checkpoints =
        from origin in Lines
        from size in Gen.Long[0, long.MaxValue]
        from root in Gen.Byte.Array[32]
        from extensions in Lines.Array[0, 3]
        select new Checkpoint(origin, size, root, extensions);

    [Fact]
    public void A_checkpoint_is_three_lines()
    {
        var checkpoint = new Checkpoint("example.com/ledger", 3, Convert.FromHexString(KnownTree.Roots[3]), []);
        Assert.Equal(OpensslNote.Text, checkpoint.Format());
        Assert.Equal(checkpoint, Checkpoint.Parse(OpensslNote.Text));
    }

    [Fact]
    public void What_was_written_is_read() =>
        Checkpoints.Sample(c =>
        {
            var read = Checkpoint.Parse(c.Format());
            Assert.Equal((c, c.GetHashCode()), (read, read.GetHashCode()));
            Assert.Equal(c.Extensions, read.Extensions);
        });

    [Fact]
    public void Checkpoints_that_differ_in_anything_are_not_equal()
    {
        var checkpoint = new Checkpoint("a", 1, new byte[32], ["x"]);
        byte[] other = [1, .. new byte[31]];
        Assert.All(
            [
                checkpoint with
                {
                    Origin = "b",
                },
                checkpoint with
                {
                    Size = 2,
                },
                checkpoint with
                {
                    Root = other,
                },
                checkpoint with
                {
                    Extensions = [],
                },
            ],
            c => Assert.NotEqual(checkpoint, c)
        );
        Assert.Equal(checkpoint, checkpoint with { Root = new byte[32], Extensions = ["x"] });
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("\n", 0)]
    [InlineData("a\n1\n" + Root, 4 + 44)]
    [InlineData("a\n1\n", 4)]
    [InlineData("\n1\n" + Root + "\n", 0)]
    [InlineData("a\n\n" + Root + "\n", 2)]
    [InlineData("a\n1\n" + Root + "\n\n", 4 + 45)]
    [InlineData("é\n1\n" + Root + "\nx\n\ny\n", 5 + 45 + 2)]
    [InlineData("a\n01\n" + Root + "\n", 2)]
    [InlineData("a\n00\n" + Root + "\n", 2)]
    [InlineData("a\n-1\n" + Root + "\n", 2)]
    [InlineData("a\n+1\n" + Root + "\n", 2)]
    [InlineData("a\n 1\n" + Root + "\n", 2)]
    [InlineData("a\n1 \n" + Root + "\n", 2)]
    [InlineData("a\n1.0\n" + Root + "\n", 2)]
    [InlineData("a\n0x1\n" + Root + "\n", 2)]
    [InlineData("a\n١\n" + Root + "\n", 2)]
    [InlineData("é\nx\n" + Root + "\n", 3)]
    [InlineData("a\n9223372036854775808\n" + Root + "\n", 2)]
    [InlineData("a\n1\n" + Root + " \n", 4)]
    [InlineData("a\n1\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnd=\n", 4)]
    [InlineData("a\n1\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc\n", 4)]
    [InlineData("a\n1\nrra8_idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n", 4)]
    [InlineData("a\n1\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbg==\n", 4)]
    [InlineData("a\n1\n" + Root + "\r\n", 4 + 44)]
    [InlineData("a\tb\n1\n" + Root + "\n", 1)]
    [InlineData("a\n1\n" + Root + "\nx\0\n", 4 + 45 + 1)]
    public void What_is_no_checkpoint_is_refused_with_the_place(string text, int offset) =>
        Assert.Equal(offset, Assert.Throws<LedgerFormatException>(() => Checkpoint.Parse(text)).Offset);

    [Theory]
    [InlineData("0")]
    [InlineData("9223372036854775807")]
    public void Sizes_from_none_to_the_largest_are_read(string size) =>
        Assert.Equal($"a\n{size}\n{Root}\nx\n", Checkpoint.Parse($"a\n{size}\n{Root}\nx\n").Format());

    [Fact]
    public void A_text_with_half_a_surrogate_pair_is_refused_with_the_place() =>
        Assert.Equal(2, Assert.Throws<LedgerFormatException>(() => Checkpoint.Parse($"é\ud800\n1\n{Root}\n")).Offset);

    [Fact]
    public void A_text_without_end_is_not_even_looked_at() =>
        Assert.Equal(
            1_000_000,
            Assert.Throws<LedgerFormatException>(() => Checkpoint.Parse($"a\n1\n{Root}\n" + new string('x', 1_000_000))).Offset
        );

    [Fact]
    public void What_could_not_be_read_is_not_written()
    {
        var good = new Checkpoint("a", 1, new byte[32], []);
        Assert.All(
            [
                good with
                {
                    Origin = "",
                },
                good with
                {
                    Origin = "a\n1",
                },
                good with
                {
                    Origin = "a\r",
                },
                good with
                {
                    Size = -1,
                },
                good with
                {
                    Root = new byte[31],
                },
                good with
                {
                    Extensions = [""],
                },
                good with
                {
                    Extensions = ["x\ny"],
                },
            ],
            bad => Assert.Throws<LedgerFormatException>(bad.Format)
        );
    }

    [Fact]
    public void Any_text_is_a_checkpoint_in_its_one_spelling_or_none() =>
        Gen.Select(Checkpoints, Gen.Int[0, int.MaxValue], Gen.OneOf(Gen.Char, Gen.Char["0123456789\n =+/"]), Gen.String)
            .Sample(
                (checkpoint, random, c, any) =>
                {
                    var text = checkpoint.Format();
                    var at = random % text.Length;
                    foreach (
                        var changed in new[]
                        {
                            any,
                            text.Remove(at, 1),
                            text.Insert(at, c.ToString()),
                            text[..at] + c + text[(at + 1)..],
                            text[..at],
                        }
                    )
                    {
                        try
                        {
                            Assert.Equal(changed, Checkpoint.Parse(changed).Format());
                        }
                        catch (LedgerFormatException e)
                        {
                            Assert.InRange(e.Offset, 0, changed.Length * 3);
                        }
                    }
                }
            );
}
