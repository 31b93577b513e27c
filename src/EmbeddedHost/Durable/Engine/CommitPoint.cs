namespace EmbeddedHost.Durable;

/// <summary>Where a commit is, for a test that ends the process there.</summary>
internal enum CommitPoint
{
    Before,
    After,
}
