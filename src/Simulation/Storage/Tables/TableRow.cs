using System.Text;
using Azure;
using Azure.Data.Tables;

namespace Simulation.Storage.Tables;

/// <summary>Types that a property may have.</summary>
internal enum PropertyType
{
    String,
    Boolean,
    Int32,
    Int64,
    Double,
    DateTime,
    Guid,
    Binary,
}

/// <summary>One property.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Value">A string, bool, int, long, double, DateTimeOffset, Guid or byte array.</param>
internal readonly record struct TableProperty(string Name, PropertyType Type, object Value)
{
    /// <summary>Its size as the service counts it.</summary>
    public int Weight => 8 + (2 * Name.Length) + ValueWeight;

    /// <summary>The size of its value as the service counts it.</summary>
    public int ValueWeight =>
        Value switch
        {
            string text => 4 + (2 * text.Length),
            byte[] bytes => 4 + bytes.Length,
            bool => 1,
            int => 4,
            Guid => 16,
            _ => 8,
        };
}

/// <summary>A row of a table. Never changed: an update puts another in its place.</summary>
/// <param name="partitionKey">Partition key.</param>
/// <param name="rowKey">Row key.</param>
/// <param name="properties">The other properties, in the order they came.</param>
/// <param name="timestamp">When it was written.</param>
/// <param name="etag">Its version.</param>
internal sealed class TableRow(
    string partitionKey,
    string rowKey,
    IReadOnlyList<TableProperty> properties,
    DateTimeOffset timestamp,
    string etag
)
{
    private byte[]? _json;

    /// <summary>Partition key.</summary>
    public string PartitionKey => partitionKey;

    /// <summary>Row key.</summary>
    public string RowKey => rowKey;

    /// <summary>The other properties.</summary>
    public IReadOnlyList<TableProperty> Properties => properties;

    /// <summary>When it was written.</summary>
    public DateTimeOffset Timestamp => timestamp;

    /// <summary>Its version.</summary>
    public string ETag => etag;

    /// <summary>Its size as the service counts it.</summary>
    public int Weight => 4 + (2 * (partitionKey.Length + rowKey.Length)) + properties.Sum(p => p.Weight);

    /// <summary>The value of a property; null when the row has none of this name.</summary>
    public object? this[string name]
    {
        get
        {
            foreach (var property in properties)
                if (property.Name == name)
                    return property.Value;
            return name switch
            {
                "PartitionKey" => partitionKey,
                "RowKey" => rowKey,
                "Timestamp" => timestamp,
                _ => null,
            };
        }
    }

    /// <summary>As the clients give it.</summary>
    public TableEntity ToEntity()
    {
        var entity = new TableEntity(partitionKey, rowKey) { Timestamp = timestamp, ETag = new ETag(etag) };
        foreach (var property in properties)
            entity[property.Name] = property.Value;
        return entity;
    }

    /// <summary>Order of the service: by code units of partition key, then row key.</summary>
    public int CompareTo(string otherPartition, string otherRow)
    {
        var order = string.CompareOrdinal(partitionKey, otherPartition);
        return order != 0 ? order : string.CompareOrdinal(rowKey, otherRow);
    }

    /// <summary>As the service answers it, without the braces around: made once for all answers.</summary>
    public ReadOnlySpan<byte> Json => _json ??= RowJson.Write(this, select: null);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder($"{partitionKey}/{rowKey}");
        foreach (var property in properties)
            text.Append(' ')
                .Append(property.Name)
                .Append('=')
                .Append(property.Value is byte[] bytes ? Convert.ToHexString(bytes) : property.Value);
        return text.ToString();
    }
}
