using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace LocalHost.WebJobs;

/// <summary>
/// The WebJobs extensions that an app's worker extensions name, such as
/// <c>[assembly: ExtensionInformation("Microsoft.Azure.WebJobs.Extensions.DurableTask", "3.18.0")]</c>. The Functions host loads exactly these.
/// </summary>
internal static class AppExtensions
{
    /// <summary>Package of the durable extension.</summary>
    public const string DurableTask = "Microsoft.Azure.WebJobs.Extensions.DurableTask";

    /// <summary>Package of the queue extension.</summary>
    public const string Queues = "Microsoft.Azure.WebJobs.Extensions.Storage.Queues";

    private const string Attribute = "ExtensionInformationAttribute";

    /// <summary>Reads the extensions of an app: version by package.</summary>
    /// <param name="appFolder">The folder of the app's assembly.</param>
    public static IReadOnlyDictionary<string, string> Read(string appFolder)
    {
        var extensions = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in Directory.EnumerateFiles(appFolder, "*.Worker.Extensions.*.dll"))
        {
            if (ReadAssembly(file) is var (package, version))
                extensions[package] = version;
        }

        return extensions;
    }

    private static (string Package, string Version)? ReadAssembly(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        if (!image.HasMetadata)
            return null;
        var metadata = image.GetMetadataReader();
        foreach (var handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            var attribute = metadata.GetCustomAttribute(handle);
            if (!IsExtensionInformation(metadata, attribute))
                continue;
            var value = metadata.GetBlobReader(attribute.Value);
            // Every attribute's value begins with this number; the constructor's arguments follow.
            if (value.ReadUInt16() == 1 && value.ReadSerializedString() is { } package && value.ReadSerializedString() is { } version)
                return (package, version);
        }

        return null;
    }

    private static bool IsExtensionInformation(MetadataReader metadata, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference)
            return false;
        var type = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        return type.Kind == HandleKind.TypeReference
            && metadata.StringComparer.Equals(metadata.GetTypeReference((TypeReferenceHandle)type).Name, Attribute);
    }
}
