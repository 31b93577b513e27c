using System.Xml;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>Writes one blob of a listing.</summary>
/// <param name="query">What is asked for.</param>
/// <param name="account">Its account.</param>
internal sealed class ListedBlob(ListingQuery query, StandInAccount account)
{
    private readonly DateTime _now = account.Now;

    /// <summary>Writes it.</summary>
    public void Write(Utf8Buffer xml, string name, StoredBlob blob, bool isCurrent)
    {
        xml.Raw("<Blob>"u8);
        WriteName(xml, name);
        if (blob.IsDeleted)
            xml.Raw("<Deleted>true</Deleted>"u8);
        if (blob.IsSnapshot)
            xml.Raw("<Snapshot>"u8).Id(blob.Extras.Snapshot).Raw("</Snapshot>"u8);
        if (query.Versions && blob.Version != default)
        {
            xml.Raw("<VersionId>"u8).Id(blob.Version).Raw("</VersionId>"u8);
            if (isCurrent)
                xml.Raw("<IsCurrentVersion>true</IsCurrentVersion>"u8);
        }
        WriteProperties(xml, blob, isCurrent);
        if (query.Metadata)
            WriteMetadata(xml, blob.Extras.Metadata);
        if (query.Tags && blob.Extras.Tags.Count > 0)
            WriteTags(xml.Raw("<Tags>"u8), blob.Extras.Tags).Raw("</Tags>"u8);
        xml.Raw("<OrMetadata /></Blob>"u8);
    }

    /// <summary>Writes a name, escaped where XML can't have it.</summary>
    public static void WriteName(Utf8Buffer xml, string name)
    {
        if (IsXml(name))
            xml.Raw("<Name>"u8).Xml(name);
        else
            xml.Raw("<Name Encoded=\"true\">"u8).Raw(Uri.EscapeDataString(name));
        xml.Raw("</Name>"u8);
    }

    /// <summary>Writes metadata.</summary>
    public static void WriteMetadata(Utf8Buffer xml, IReadOnlyDictionary<string, string> metadata)
    {
        xml.Raw("<Metadata>"u8);
        foreach (var (key, value) in metadata)
            xml.Raw("<"u8).Raw(key).Raw(">"u8).Xml(value).Raw("</"u8).Raw(key).Raw(">"u8);
        xml.Raw("</Metadata>"u8);
    }

    /// <summary>Writes tags.</summary>
    public static Utf8Buffer WriteTags(Utf8Buffer xml, IReadOnlyDictionary<string, string> tags)
    {
        xml.Raw("<TagSet>"u8);
        foreach (var (key, value) in tags)
            xml.Raw("<Tag><Key>"u8).Xml(key).Raw("</Key><Value>"u8).Xml(value).Raw("</Value></Tag>"u8);
        return xml.Raw("</TagSet>"u8);
    }

    private void WriteProperties(Utf8Buffer xml, StoredBlob blob, bool isCurrent)
    {
        xml.Raw("<Properties><Creation-Time>"u8).Date(blob.Created);
        xml.Raw("</Creation-Time><Last-Modified>"u8).Date(blob.Modified).Raw("</Last-Modified><Etag>"u8).ETag(blob.ETag);
        xml.Raw("</Etag><Content-Length>"u8).Number(blob.Size).Raw("</Content-Length><Content-Type>"u8).Xml(blob.Extras.ContentType);
        xml.Raw("</Content-Type><Content-Encoding /><Content-Language /><Content-MD5 /><Cache-Control /><Content-Disposition />"u8);
        xml.Raw("<BlobType>BlockBlob</BlobType><AccessTier>"u8).Raw(TierName(blob.Tier));
        xml.Raw("</AccessTier><ServerEncrypted>true</ServerEncrypted>"u8);
        if (blob.Accessed != default)
            xml.Raw("<LastAccessTime>"u8).Date(blob.Accessed).Raw("</LastAccessTime>"u8);
        if (isCurrent)
            xml.Raw(
                blob.IsLeased(_now)
                    ? "<LeaseStatus>locked</LeaseStatus><LeaseState>leased</LeaseState>"u8
                    : "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"u8
            );
        if (ReferenceEquals(blob.Extras, BlobExtras.None))
            xml.Raw("</Properties>"u8);
        else
            WriteRareProperties(xml, blob);
    }

    private void WriteRareProperties(Utf8Buffer xml, StoredBlob blob)
    {
        var extras = blob.Extras;
        if (blob.IsDeleted)
        {
            xml.Raw("<DeletedTime>"u8).Date(extras.DeletedAt).Raw("</DeletedTime><RemainingRetentionDays>"u8);
            xml.Number((long)(extras.ErasedAt - _now).TotalDays).Raw("</RemainingRetentionDays>"u8);
        }
        if (extras.Tags.Count > 0)
            xml.Raw("<TagCount>"u8).Number(extras.Tags.Count).Raw("</TagCount>"u8);
        if (query.LegalHold && extras.HasLegalHold)
            xml.Raw("<LegalHold>true</LegalHold>"u8);
        if (query.Immutability && extras.ImmutableUntil != default)
        {
            xml.Raw("<ImmutabilityPolicyUntilDate>"u8).Date(extras.ImmutableUntil);
            xml.Raw("</ImmutabilityPolicyUntilDate><ImmutabilityPolicyMode>unlocked</ImmutabilityPolicyMode>"u8);
        }
        xml.Raw("</Properties>"u8);
    }

    private static ReadOnlySpan<byte> TierName(BlobTier tier) =>
        tier switch
        {
            BlobTier.Hot => "Hot"u8,
            BlobTier.Cool => "Cool"u8,
            BlobTier.Cold => "Cold"u8,
            _ => "Archive"u8,
        };

    private static bool IsXml(string name)
    {
        if (!name.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return true;
        try
        {
            XmlConvert.VerifyXmlChars(name);
            return !name.Contains('\r', StringComparison.Ordinal);
        }
        catch (XmlException)
        {
            return false;
        }
    }
}
