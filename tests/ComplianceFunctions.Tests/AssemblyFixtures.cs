[assembly: AssemblyFixture(typeof(Testing.AzuriteFixture))]
