using System.Globalization;
using System.Text;
using System.Xml;

namespace Simulation.Storage.Blobs;

/// <summary>Listings as the service writes them.</summary>
internal static class BlobXml
{
    /// <summary>A page of blobs, and of the common beginnings of names where a delimiter is given.</summary>
    public static byte[] Blobs(
        string container,
        IEnumerable<(string? Prefix, MemoryBlob? Blob)> entries,
        string? next,
        bool metadata,
        DateTimeOffset now
    ) =>
        Document(writer =>
        {
            writer.WriteAttributeString("ContainerName", container);
            writer.WriteStartElement("Blobs");
            foreach (var (prefix, blob) in entries)
            {
                writer.WriteStartElement(blob is null ? "BlobPrefix" : "Blob");
                writer.WriteElementString("Name", prefix ?? blob!.Name);
                if (blob is not null)
                    Blob(writer, blob, metadata, now);
                writer.WriteEndElement();
            }
            writer.WriteEndElement();
            writer.WriteElementString("NextMarker", next ?? "");
        });

    /// <summary>A page of containers.</summary>
    public static byte[] Containers(IEnumerable<MemoryContainer> containers, string? next) =>
        Document(writer =>
        {
            writer.WriteStartElement("Containers");
            foreach (var container in containers)
            {
                writer.WriteStartElement("Container");
                writer.WriteElementString("Name", container.Name);
                writer.WriteStartElement("Properties");
                writer.WriteElementString("Last-Modified", Date(container.Modified));
                writer.WriteElementString("Etag", string.Create(CultureInfo.InvariantCulture, $"\"0x{container.Version:X16}\""));
                writer.WriteElementString("LeaseStatus", "unlocked");
                writer.WriteElementString("LeaseState", "available");
                writer.WriteEndElement();
                writer.WriteEndElement();
            }
            writer.WriteEndElement();
            writer.WriteElementString("NextMarker", next ?? "");
        });

    private static void Blob(XmlWriter writer, MemoryBlob blob, bool metadata, DateTimeOffset now)
    {
        writer.WriteStartElement("Properties");
        writer.WriteElementString("Creation-Time", Date(blob.Created));
        writer.WriteElementString("Last-Modified", Date(blob.Modified));
        writer.WriteElementString("Etag", blob.ETag.Trim('"'));
        writer.WriteElementString("Content-Length", blob.Content.Length.ToString(CultureInfo.InvariantCulture));
        writer.WriteElementString("Content-Type", blob.ContentType);
        foreach (var (name, value) in blob.HttpHeaders)
            writer.WriteElementString(name, value);
        writer.WriteElementString("BlobType", blob.Kind.ToString());
        writer.WriteElementString("LeaseStatus", blob.Lease.HoldsAt(now) ? "locked" : "unlocked");
        writer.WriteElementString("LeaseState", Lower(blob.Lease.StateAt(now)));
        if (blob.Sealed)
            writer.WriteElementString("Sealed", "true");
        writer.WriteElementString("ServerEncrypted", "true");
        writer.WriteEndElement();
        if (!metadata)
            return;
        writer.WriteStartElement("Metadata");
        foreach (var (name, value) in blob.Metadata)
            writer.WriteElementString(name, value);
        writer.WriteEndElement();
    }

    /// <summary>A state's name as the service writes it.</summary>
    public static string Lower(LeaseState state) =>
        state switch
        {
            LeaseState.Available => "available",
            LeaseState.Leased => "leased",
            LeaseState.Expired => "expired",
            LeaseState.Breaking => "breaking",
            _ => "broken",
        };

    /// <summary>A time as HTTP writes it.</summary>
    public static string Date(DateTimeOffset at) => at.ToString("R", CultureInfo.InvariantCulture);

    private static byte[] Document(Action<XmlWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) }))
        {
            writer.WriteStartElement("EnumerationResults");
            write(writer);
            writer.WriteEndElement();
        }
        return stream.ToArray();
    }
}
