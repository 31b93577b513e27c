using Compliance.Minimization.Manifests;

namespace Compliance.Minimization.Sweeps;

/// <summary>Which part a row of a manifest is in. Rows are asked for in their order.</summary>
/// <param name="parts">The parts.</param>
internal sealed class PartRange(IReadOnlyList<ManifestPart> parts)
{
    private int _part;

    // The header is a line of the first part, and no row.
    private long _end = parts.Count == 0 ? 0 : parts[0].Rows - 1;

    /// <summary>Number of the part.</summary>
    public int PartOf(long row)
    {
        while (row >= _end)
            _end += parts[++_part].Rows;
        return _part;
    }
}
