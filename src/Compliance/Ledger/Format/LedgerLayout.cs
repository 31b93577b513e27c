using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Compliance.Ledger.Format;

/// <summary>
/// Where things lie in one tenant's log. Containers <c>ledger</c> (write once) and <c>ledger-head</c> (replaced) each hold them under
/// <c>{tenant}/</c>; no path is in both, so that a download may put the two into one folder:
/// <code>
/// log/2026-11-0001.jsonl        the truth: one record a line, in the order of their names        ledger
/// tile/0/x001/067               full tiles and entry bundles, C2SP tlog-tiles                   ledger
/// tile/0/x001/067.p/112         partial ones                                                    ledger-head
/// checkpoints/1234              a signed checkpoint of that size                                ledger
/// checkpoint                    the latest one                                                  ledger-head
/// </code>
/// </summary>
internal static class LedgerLayout
{
    /// <summary>The container that is written once.</summary>
    public const string Container = "ledger";

    /// <summary>The container of what is replaced as the log grows.</summary>
    public const string HeadContainer = "ledger-head";

    /// <summary>The folder of the append blobs.</summary>
    public const string LogFolder = "log/";

    /// <summary>The folder of the numbered checkpoints.</summary>
    public const string CheckpointFolder = "checkpoints/";

    /// <summary>The latest checkpoint.</summary>
    public const string Head = "checkpoint";

    /// <summary>The path of an append blob. Names sort as the log does.</summary>
    /// <param name="year">Year.</param>
    /// <param name="month">Month, 1 to 12.</param>
    /// <param name="number">Which of the month, from 1.</param>
    public static string Log(int year, int month, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{LogFolder}{year:0000}-{month:00}-{number:0000}.jsonl");

    /// <summary>Takes a path of <see cref="Log"/> apart.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParseLog([NotNullWhen(true)] string? path, out (int Year, int Month, int Number) log)
    {
        log = default;
        if (
            path is not { Length: 22 }
            || !path.StartsWith(LogFolder, StringComparison.Ordinal)
            || !int.TryParse(path.AsSpan(4, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year)
            || !int.TryParse(path.AsSpan(9, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var month)
            || month is < 1 or > 12
            || !int.TryParse(path.AsSpan(12, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number < 1
            || Log(year, month, number) != path
        )
            return false;
        log = (year, month, number);
        return true;
    }

    /// <summary>The path of the checkpoint of a size.</summary>
    public static string Checkpoint(long size) => CheckpointFolder + size.ToString(CultureInfo.InvariantCulture);

    /// <summary>Takes a path of <see cref="Checkpoint"/> apart.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParseCheckpoint([NotNullWhen(true)] string? path, out long size)
    {
        size = 0;
        return path is not null
            && path.StartsWith(CheckpointFolder, StringComparison.Ordinal)
            && long.TryParse(path.AsSpan(CheckpointFolder.Length), NumberStyles.None, CultureInfo.InvariantCulture, out size)
            && Checkpoint(size) == path;
    }

    /// <summary>Whether a path belongs into <see cref="HeadContainer"/> rather than <see cref="Container"/>.</summary>
    public static bool IsHead(string path) => path == Head || (TilePath.TryParse(path, out var tile) && !tile.Full);
}
