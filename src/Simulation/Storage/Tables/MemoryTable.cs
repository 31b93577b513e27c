using System.Collections.Immutable;

namespace Simulation.Storage.Tables;

/// <summary>A table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rows">Its rows in the order of partition and row key.</param>
internal sealed record MemoryTable(string Name, ImmutableList<TableRow> Rows)
{
    /// <summary>One row; null when it is not there.</summary>
    public TableRow? Find(string partitionKey, string rowKey)
    {
        var at = IndexOf(partitionKey, rowKey);
        return at >= 0 ? Rows[at] : null;
    }

    /// <summary>Where a row is; the complement of where it would be when it is not there.</summary>
    public int IndexOf(string partitionKey, string rowKey)
    {
        var (low, high) = (0, Rows.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Rows[middle].CompareTo(partitionKey, rowKey);
            if (order == 0)
                return middle;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return ~low;
    }

    /// <summary>With a row put in, or in the place of the one with its keys.</summary>
    public MemoryTable With(TableRow row)
    {
        var at = IndexOf(row.PartitionKey, row.RowKey);
        return this with { Rows = at >= 0 ? Rows.SetItem(at, row) : Rows.Insert(~at, row) };
    }

    /// <summary>Without a row that is there.</summary>
    public MemoryTable Without(TableRow row) => this with { Rows = Rows.RemoveAt(IndexOf(row.PartitionKey, row.RowKey)) };
}
