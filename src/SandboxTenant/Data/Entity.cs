namespace SandboxTenant.Data;

/// <summary>
/// One object of the tenant, kept as the compact UTF-8 JSON that the service would answer, so that serving it costs no re-serialising.
/// </summary>
/// <param name="Seq">Its place in its set; it never changes, so that a page token stays right while others come and go.</param>
/// <param name="Id">Its key in its set.</param>
/// <param name="Json">Compact UTF-8 JSON of the object; never changed in place.</param>
internal sealed record Entity(long Seq, string Id, byte[] Json);
