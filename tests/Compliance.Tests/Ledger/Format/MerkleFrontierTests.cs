using System.Numerics;
using Compliance.Ledger.Format;
using CsCheck;
using Testing;
using static Compliance.Tests.Ledger.Format.KnownTree;

namespace Compliance.Tests.Ledger.Format;

public sealed class MerkleFrontierTests
{
    [Fact]
    public void Roots_of_the_known_tree_are_met_at_every_size()
    {
        var frontier = new MerkleFrontier();
        var roots = new List<string> { Hex(frontier.Root()) };
        foreach (var entry in Entries)
        {
            frontier.Append(Leaf(entry));
            roots.Add(Hex(frontier.Root()));
        }
        Assert.Equal(Roots, roots);
    }

    [Fact]
    public void The_root_is_that_of_the_definition() =>
        Gen.Int[0, 700]
            .Sample(
                n =>
                {
                    var leaves = Leaves(n);
                    var frontier = FrontierOf(leaves);
                    Assert.Equal((n, Hex(Rfc6962Tree.Root(leaves))), (frontier.Size, Hex(frontier.Root())));
                },
                iter: TestSize.Times(60)
            );

    [Fact]
    public void A_frontier_saved_and_restored_goes_on_as_if_nothing_had_happened() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[0, 300])
            .Sample(
                (before, after) =>
                {
                    var leaves = Leaves(before + after);
                    var saved = FrontierOf(leaves[..before]);
                    var restored = MerkleFrontier.Restore(saved.Size, saved.Save());
                    foreach (var leaf in leaves[before..])
                        restored.Append(leaf);
                    Assert.Equal(
                        (BitOperations.PopCount((uint)before), Hex(FrontierOf(leaves).Root())),
                        (saved.Save().Count, Hex(restored.Root()))
                    );
                },
                iter: TestSize.Times(60)
            );

    [Fact]
    public void A_clone_and_what_was_saved_do_not_follow_the_original()
    {
        var frontier = FrontierOf(Leaves(3));
        var (clone, saved) = (frontier.Clone(), frontier.Save());
        var root = Hex(frontier.Root());
        frontier.Append(Leaf([9]));
        Assert.Equal((root, root), (Hex(clone.Root()), Hex(MerkleFrontier.Restore(3, saved).Root())));
        clone.Append(Leaf([9]));
        Assert.Equal(Hex(frontier.Root()), Hex(clone.Root()));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(7, 2)]
    public void Hashes_that_do_not_fit_the_size_are_refused(long size, int hashes) =>
        Assert.Equal(0, Assert.Throws<LedgerFormatException>(() => MerkleFrontier.Restore(size, Leaves(hashes))).Offset);

    [Fact]
    public void A_saved_hash_of_another_length_is_refused_with_its_place() =>
        Assert.Equal(32, Assert.Throws<LedgerFormatException>(() => MerkleFrontier.Restore(3, [new byte[32], new byte[31]])).Offset);

    [Fact]
    public void Only_a_hash_can_be_appended() => Assert.Throws<ArgumentException>(() => new MerkleFrontier().Append(new byte[31]));

    [Fact]
    public void The_largest_tree_takes_no_more_leaves_and_stays_as_it_is()
    {
        var frontier = MerkleFrontier.Restore(long.MaxValue, Leaves(63));
        var root = Hex(frontier.Root());
        Assert.Throws<OverflowException>(() => frontier.Append(Leaf([])));
        Assert.Equal((long.MaxValue, root), (frontier.Size, Hex(frontier.Root())));
    }
}
