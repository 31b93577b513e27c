using Compliance.Offboarding;
using Compliance.Offboarding.Cases;

namespace Compliance.Tests.Offboarding.Cases;

/// <summary>The whole table, cell by cell: a stage that becomes another one, or a change without a row, fails here.</summary>
public sealed class LeaverTransitionsTests
{
    // The stage afterwards, by the change (row) and the stage before (column); a dash where it stays.
    private const string Table = """
        From              Sch Unm Hld Blg Bld Awa Rem Clr Cls Can Rsg Rsd
        Scheduled          -  Sch Sch Sch Sch Sch Sch Sch Sch Sch Sch Sch
        TakenBack         Can Can Can Can Can Can Can Can Can  -  Can Can
        Unmatched         Unm  -  Unm Unm Unm Unm Unm Unm Unm Unm Unm Unm
        BlockHeld         Hld Hld  -  Hld Hld Hld Hld Hld Hld Hld Hld Hld
        Blocked           Bld Bld Bld Bld  -   -   -   -   -   -   -   -
        NotBlocked        Blg Blg Blg  -   -   -   -   -   -   -   -   -
        RemovalHeld       Awa Awa Awa Awa Awa  -  Awa Awa Awa Awa Awa Awa
        RemovalReleased   Rem Rem Rem Rem Rem Rem  -   -  Rem Rem Rem Rem
        SeenClear         Clr Clr Clr Clr Clr Clr Clr  -  Clr Clr Clr Clr
        WatchEnded         -   -   -   -   -   -   -  Cls  -   -   -   -
        Ended             Cls Cls Cls Cls Cls Cls Cls Cls  -  Cls Cls Cls
        UndoHeld          Rsg Rsg Rsg Rsg Rsg Rsg Rsg Rsg Rsg Rsg  -  Rsg
        GivenBack         Rsd Rsd Rsd Rsd Rsd Rsd Rsd Rsd Rsd Rsd Rsd  -
        NothingToGiveBack Can Can Can Can Can Can Can Can Can  -  Can Can
        """;

    private static readonly Dictionary<string, LeaverStage> Stages = new()
    {
        ["Sch"] = LeaverStage.Scheduled,
        ["Unm"] = LeaverStage.Unmatched,
        ["Hld"] = LeaverStage.Held,
        ["Blg"] = LeaverStage.Blocking,
        ["Bld"] = LeaverStage.Blocked,
        ["Awa"] = LeaverStage.AwaitingApproval,
        ["Rem"] = LeaverStage.Removing,
        ["Clr"] = LeaverStage.Clear,
        ["Cls"] = LeaverStage.Closed,
        ["Can"] = LeaverStage.Cancelled,
        ["Rsg"] = LeaverStage.Restoring,
        ["Rsd"] = LeaverStage.Restored,
    };

    private static readonly string[][] Rows =
    [
        .. Table.Split('\n').Select(r => r.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    ];

    public static TheoryData<string, LeaverStage, LeaverStage> Cells()
    {
        var cells = new TheoryData<string, LeaverStage, LeaverStage>();
        foreach (var row in Rows.Skip(1))
            for (var i = 1; i < row.Length; i++)
            {
                var from = Stages[Rows[0][i]];
                cells.Add(row[0], from, row[i] == "-" ? from : Stages[row[i]]);
            }
        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_change_leads_from_a_stage_to_the_stage_of_the_table(string change, LeaverStage from, LeaverStage to) =>
        Assert.Equal(to, LeaverTransitions.After(from, Enum.Parse<StageChange>(change)));

    [Fact]
    public void Every_change_has_a_row_and_every_stage_a_column()
    {
        Assert.Equal(Enum.GetNames<StageChange>(), Rows.Skip(1).Select(r => r[0]));
        Assert.Equal(Enum.GetValues<LeaverStage>(), Rows[0].Skip(1).Select(c => Stages[c]));
        Assert.All(Rows.Skip(1), r => Assert.Equal(Rows[0].Length, r.Length));
    }
}
